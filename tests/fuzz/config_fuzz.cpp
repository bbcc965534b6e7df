/* libFuzzer: any text as the coordinator's configuration. It is read, or refused with the file's name and a line; what
 * is read gives sound rights and limits. */
#include <string>
#include <string_view>

#include "host/fleet_config.hpp"

using namespace hp;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto none_or_one = [](const std::string& name) -> std::optional<uint32_t> {
    if (name.empty() || name.find('\0') != name.npos) __builtin_trap();
    if (name.size() > 4) return std::nullopt;
    return static_cast<uint32_t>(1000 + name.size());
  };
  const auto config = FleetConfig::parse(text, "F", {none_or_one, none_or_one});
  if (!config) {
    const std::string& why = config.error().message;
    if (why.compare(0, 2, "F:") != 0) __builtin_trap();
    if (size <= FleetConfig::kMaxBytes && (why.size() < 4 || why[2] < '1' || why[2] > '9'))
      __builtin_trap();
    return 0;
  }
  if (size > FleetConfig::kMaxBytes) __builtin_trap();
  for (size_t i = 0; i < kRights; i++) {
    const auto right = static_cast<Right>(i);
    if (!config->access.check({0, 1, {}}, right)) __builtin_trap(); /* root */
    (void)config->access.check({1003, 1, {1002}}, right);
  }
  for (size_t i = 0; i < kLimits; i++)
    for (const LimitValues& l : {config->users, config->root})
      if (l[static_cast<Limit>(i)] == 0 || l[static_cast<Limit>(i)] > uint64_t{1} << 60)
        __builtin_trap();
  return 0;
}
