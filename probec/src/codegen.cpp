#include "probec/codegen.hpp"

#include "codegen/clause.hpp"
#include "codegen/layout.hpp"
#include "codegen/tables.hpp"
#include "codegen/unit.hpp"

namespace hp::probec {

Result<std::string> emit_object(const CheckedProgram& program, const CodegenOptions& options) {
  codegen::Layout layout = HP_TRY(codegen::make_layout(program, options));
  auto unit = HP_TRY(codegen::Unit::create(program, layout));
  for (size_t i = 0; i < program.clauses.size(); i++)
    HP_TRYV(codegen::ClauseEmitter(*unit, program, layout, options, i).emit());
  unit->add_section(HP_OBJ_SECTION_DATA, codegen::make_tables(program, layout));
  unit->add_section(HP_OBJ_SECTION_SOURCE, program.source_text);
  HP_TRYV(unit->close());
  return codegen::emit_module(*unit, options);
}

}  // namespace hp::probec
