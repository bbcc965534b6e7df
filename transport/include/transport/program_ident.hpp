/* ProgramIdent: the name of a running program, hp_seg_header.ident: 16 random bytes. */
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "transport/result.hpp"

namespace hp {

using ProgramIdent = std::array<uint8_t, 16>;
/* 32 lower-case hexadecimal digits, and back. */
std::string to_hex(const ProgramIdent&);
Result<ProgramIdent> ident_from_hex(std::string_view);

}  // namespace hp
