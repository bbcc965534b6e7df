/* The declarations that every D program starts with. */
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace hp::probec {

/* D text, parsed before the user's sources. */
const char* library_text();
/* errno values, signals, open(2) and mmap(2) flags by name; all of type int. */
std::optional<int64_t> library_constant(std::string_view name);

}  // namespace hp::probec
