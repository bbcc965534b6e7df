/* libFuzzer: any bytes through the lexer alone, in both of its vocabularies: the first byte chooses where
 * descriptions are read. It comes to an end, and tokens lie within the text, one after the other. */
#include <cstdlib>

#include "probec/lexer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hp::probec;
  if (size == 0) return 0;
  uint8_t choice = data[0];
  std::vector<Source> sources{
      {SourceKind::Script, "fuzz.d", {reinterpret_cast<const char*>(data) + 1, size - 1}}};
  sources.reserve(1 + size); /* a line marker adds one; texts stay where they are */
  Macros macros({"fuzz", "1", "two", "-3", "\"four\"", "0x1ffffffffffffffff"}, 77, choice & 1);
  try {
    Lexer lexer(sources, 0, macros, [](Location, const std::vector<std::string>& words) {
      if (words.empty()) std::abort();
    });
    uint32_t from = 0;
    for (size_t n = 0;; n++) {
      if (n > size + 1) std::abort();
      bool description = ((choice >> (1 + n % 7)) & 1) && !lexer.peek_word().empty();
      Token token = description ? lexer.next_description() : lexer.next();
      if (token.kind == TokenKind::End) break;
      if (token.loc.offset < from || token.end < token.loc.offset || token.end > size - 1)
        std::abort();
      from = token.end;
      (void)lexer.spelling(token);
    }
  } catch (const CompileError& e) {
    if (e.diagnostic.message.empty() || e.diagnostic.loc.offset > size) std::abort();
  }
  return 0;
}
