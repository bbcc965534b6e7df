/* Code generation: checked D program -> relocatable ELF64 x86-64 object (transport/object.h).
 *
 *     std::string elf = HP_TRY(emit_object(program, {}));
 *
 * The passes, in order (probec/src/codegen):
 *     layout    where variables live, how keys and record fields are encoded, record sizes
 *     tables    .hyprobe.data
 *     clauses   one LLVM function per clause, calling the runtime (probec/runtime)
 *     emit      runtime functions materialised, optimised, object code
 *
 * Uses one LLVM context per call; calls must not overlap. Errors: constructs that the language has
 * and this version does not run, and programs beyond the format's limits, as diagnostics [D_CG_EXPR] at
 * a place in the text; without a tag, what is wrong with the environment. */
#pragma once
#include <string>

#include "probec/checked.hpp"
#include "probec/diagnostic.hpp"
#include "transport/result.hpp"

namespace hp::probec {

struct CodegenOptions {
  bool optimise = true;
  uint32_t stack_frames = 20, ustack_frames = 20; /* of stack() and ustack() without an argument */
  uint32_t print_size = 1024;                     /* most bytes that print() records */
  uint32_t packet_size = 512;                     /* most bytes that pcap() records */
  bool dump_ir = false; /* LLVM IR of the finished module instead of an object */
};

tl::expected<std::string, Diagnostic> emit_object(const CheckedProgram& program,
                                                  const CodegenOptions& options);

}  // namespace hp::probec
