#include "transport/program_ident.hpp"

namespace hp {

std::string to_hex(const ProgramIdent& ident) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (uint8_t b : ident) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

Result<ProgramIdent> ident_from_hex(std::string_view text) {
  ProgramIdent ident{};
  if (text.size() != 2 * ident.size()) return fail("a program ident has 32 hexadecimal digits");
  for (size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return fail("a program ident has 32 hexadecimal digits");
    ident[i / 2] = static_cast<uint8_t>(ident[i / 2] << 4 | digit);
  }
  return ident;
}

}  // namespace hp
