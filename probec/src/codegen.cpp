#include "probec/codegen.hpp"

#include "codegen/clause.hpp"
#include "codegen/layout.hpp"
#include "codegen/tables.hpp"
#include "codegen/unit.hpp"

namespace hp::probec {
namespace {

/* LLVM's trouble is not the script's: no tag, no place. */
Diagnostic environment(const Error& e) {
  return {Tag::None, {}, e.message, {}, {}};
}

}  // namespace

tl::expected<std::string, Diagnostic> emit_object(const CheckedProgram& program,
                                                  const CodegenOptions& options) {
  codegen::Layout layout = HP_TRY(codegen::make_layout(program, options));
  auto unit = HP_TRY(codegen::Unit::create(program, layout).map_error(environment));
  for (size_t i = 0; i < program.clauses.size(); i++)
    HP_TRYV(codegen::ClauseEmitter(*unit, program, layout, options, i).emit());
  unit->add_section(HP_OBJ_SECTION_DATA, codegen::make_tables(program, layout));
  if (!unit->core().empty()) unit->add_section(HP_OBJ_SECTION_CORE, unit->core().section());
  unit->add_section(HP_OBJ_SECTION_SOURCE, program.source_text);
  HP_TRYV(unit->close().map_error(environment));
  return codegen::emit_module(*unit, options).map_error(environment);
}

}  // namespace hp::probec
