/* Guests of a few instructions, entered as Linux is: 64-bit mode, memory one to one. Each leaves what it found
 * at kResult and ends by what its name says. */
#pragma once
#include <cstdint>
#include <string_view>

namespace hp::test {

inline constexpr uint64_t kResult = 32 << 20; /* GPA */
inline constexpr uint64_t kPage = 33 << 20;   /* the probe page's */

std::string_view power_off_code();     /* writes "hi\n" to the serial port first */
std::string_view reset_code();         /* 8042 */
std::string_view reset_control_code(); /* 0xcf9 */
std::string_view panic_code();         /* pvpanic, then a reset */
std::string_view triple_fault_code();
std::string_view count_code(); /* counts at kResult for ever */
std::string_view echo_code();  /* the serial port's input back, until 'q' */
std::string_view
doorbell_code(); /* results of OUT doorbells at kResult, see its source; powers off */
std::string_view devices_code(); /* reads and writes the first window; powers off */

}  // namespace hp::test
