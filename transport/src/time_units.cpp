#include "transport/time_units.hpp"

#include <strings.h>

namespace hp {

uint64_t unit_nanoseconds(std::string_view unit) {
  constexpr uint64_t kSecond = 1'000'000'000;
  static constexpr struct {
    std::string_view name;
    uint64_t nanoseconds;
  } kUnits[] = {
      {"ns", 1},
      {"nsec", 1},
      {"us", 1000},
      {"usec", 1000},
      {"ms", 1'000'000},
      {"msec", 1'000'000},
      {"s", kSecond},
      {"sec", kSecond},
      {"m", 60 * kSecond},
      {"min", 60 * kSecond},
      {"h", 3600 * kSecond},
      {"hour", 3600 * kSecond},
      {"d", 86400 * kSecond},
      {"day", 86400 * kSecond},
  };
  for (const auto& u : kUnits)
    if (u.name.size() == unit.size() && ::strncasecmp(u.name.data(), unit.data(), unit.size()) == 0)
      return u.nanoseconds;
  return 0;
}

}  // namespace hp
