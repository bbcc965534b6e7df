/* The timers of the profile provider, by their probes' names.
 *
 * As dtrace(1) has them: profile-N and tick-N, N a number with one of the suffixes ns nsec us usec ms
 * msec s sec m min h hour d day hz (hz when none is given), in any case; shorter than 200 us is
 * refused. Pure. */
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace hp::handler {

struct TimerProbe {
  static constexpr uint64_t kMinInterval = 200'000; /* ns */
  bool every_cpu = false;                           /* profile-N */
  uint64_t interval_ns = 0;
};

/* The timer that a probe name of the profile provider stands for; nullopt if it is not one. */
std::optional<TimerProbe> parse_timer_probe(std::string_view name);

}  // namespace hp::handler
