#include "handler/timer_probe.hpp"

#include <strings.h>

#include <charconv>
#include <string>

namespace hp::handler {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

struct Unit {
  const char* suffix;
  uint64_t nanoseconds;
};
constexpr Unit kUnits[] = {
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

/* Interval of "997", "1s", "10HZ"; 0 if it is none. */
uint64_t interval_of(std::string_view text) {
  uint64_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || n == 0) return 0;
  std::string suffix(end, text.data() + text.size());
  if (suffix.empty() || ::strcasecmp(suffix.c_str(), "hz") == 0) return kSecond / n;
  for (const Unit& u : kUnits)
    if (::strcasecmp(suffix.c_str(), u.suffix) == 0)
      return n <= ~uint64_t{0} / 4 / u.nanoseconds ? n * u.nanoseconds : 0;
  return 0;
}

}  // namespace

std::optional<TimerProbe> parse_timer_probe(std::string_view name) {
  TimerProbe t;
  if (name.starts_with("profile-")) {
    t.every_cpu = true;
    name.remove_prefix(8);
  } else if (name.starts_with("tick-")) {
    name.remove_prefix(5);
  } else {
    return std::nullopt;
  }
  t.interval_ns = interval_of(name);
  if (t.interval_ns < TimerProbe::kMinInterval) return std::nullopt;
  return t;
}

}  // namespace hp::handler
