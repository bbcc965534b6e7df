#include "probec/compiler.hpp"

#include "probec/codegen.hpp"

namespace hp::probec {

tl::expected<CompiledProgram, Diagnostic> compile(CompileInput& input) {
  tl::expected<CheckedProgram, Diagnostic> checked = check(input);
  if (!checked) return tl::make_unexpected(std::move(checked.error()));
  CodegenOptions options;
  options.stack_frames = static_cast<uint32_t>(input.options->number(Option::stackframes));
  options.ustack_frames = static_cast<uint32_t>(input.options->number(Option::ustackframes));
  tl::expected<std::string, Diagnostic> object = emit_object(*checked, options);
  if (!object) return tl::make_unexpected(std::move(object.error()));
  return CompiledProgram{std::move(*object)};
}

}  // namespace hp::probec
