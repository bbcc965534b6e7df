/* libFuzzer: any text through lexer, parser and checker. It is compiled or refused with a message; a
 * refusal names a place inside the text, a program can be dumped. */
#include <cstdlib>

#include "probec/compiler.hpp"
#include "probec/dump.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hp::probec;
  Options options;
  CompileInput input;
  input.options = &options;
  input.arguments = {"fuzz", "1", "two", "-3", "\"four\""};
  std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find("#include") != std::string::npos) return 0;
  input.sources = {{SourceKind::Script, "fuzz.d", text}};
  auto checked = check(input);
  if (checked) {
    if (dump(*checked).empty()) std::abort();
    return 0;
  }
  const Diagnostic& diagnostic = checked.error();
  std::string shown = render(diagnostic, input.sources, {.tags = true, .carets = true});
  if (diagnostic.message.empty() || shown.back() != '\n') std::abort();
  bool at_end = diagnostic.tag == Tag::D_EMPTY || diagnostic.tag == Tag::D_MACRO_UNUSED;
  if (diagnostic.loc.offset > size || (!at_end && diagnostic.loc.column == 0)) std::abort();
  return 0;
}
