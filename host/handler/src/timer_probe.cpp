#include "handler/timer_probe.hpp"

#include <strings.h>

#include <charconv>
#include <string>

#include "transport/time_units.hpp"

namespace hp::handler {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

/* Interval of "997", "1s", "10HZ"; 0 if it is none. */
uint64_t interval_of(std::string_view text) {
  uint64_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || n == 0) return 0;
  std::string suffix(end, text.data() + text.size());
  if (suffix.empty() || ::strcasecmp(suffix.c_str(), "hz") == 0) return kSecond / n;
  const uint64_t unit = unit_nanoseconds(suffix);
  return unit != 0 && n <= ~uint64_t{0} / 4 / unit ? n * unit : 0;
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
