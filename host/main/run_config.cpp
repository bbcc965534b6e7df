#include "run_config.hpp"

#include <charconv>

#include "transport/address.hpp"
#include "transport/json.hpp"

namespace hp {

Result<uint64_t> parse_memory(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  const unsigned shift = unit.empty()                 ? 0
                         : unit == "K" || unit == "k" ? 10
                         : unit == "M" || unit == "m" ? 20
                         : unit == "G" || unit == "g" ? 30
                                                      : 64;
  if (error != std::errc() || shift == 64 || value == 0 || value > (~0ull >> shift) ||
      (value << shift) % kPageSize != 0)
    return fail("memory '" + std::string(text) + "': it is a size such as 512M or 2G");
  return value << shift;
}

}  // namespace hp
