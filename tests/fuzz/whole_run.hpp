/* What the fuzz targets of whole programs share: D text is compiled, its object read again, linked,
 * fired at every kind of probe and consumed to text, all in this process. Whatever the program is,
 * it must stay within its segment: what the consumer finds there must be well formed. */
#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace hp::fuzz {

enum class Outcome { Refused, TooLarge, Destructive, Ran };

/* arguments: the firings' args. Aborts on what must not happen. */
Outcome compile_and_run(const std::string& text, std::span<const uint64_t, 10> arguments);

}  // namespace hp::fuzz
