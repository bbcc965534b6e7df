/* Units of time as D writes them, in options ("10ms") and in the names of timer probes ("tick-1sec"). */
#pragma once

#include <cstdint>
#include <string_view>

namespace hp {

/* Nanoseconds of ns nsec us usec ms msec s sec m min h hour d day, in upper or lower case; 0 for any
 * other text. Frequencies (hz) are not units. */
uint64_t unit_nanoseconds(std::string_view unit);

}  // namespace hp
