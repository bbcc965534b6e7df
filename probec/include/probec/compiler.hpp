/* The D compiler as the programs call it: sources in, ELF object out.
 *
 *     Options options;                       // -x, environment
 *     CompileInput input{.sources = {{SourceKind::Clause, text, text}}, .options = &options};
 *     auto compiled = compile(input);        // #pragma D option lines change `options`
 *     if (!compiled) fputs(render(compiled.error(), input.sources, style).c_str(), stderr);
 *
 * All sources make one program; clauses keep the order of the command line. Not thread-safe (LLVM). */
#pragma once
#include <string>
#include <vector>

#include "probec/checked.hpp"
#include "probec/diagnostic.hpp"
#include "probec/options.hpp"
#include "probec/source.hpp"
#include "probec/type_source.hpp"

namespace hp::probec {

struct CompileInput {
  std::vector<Source> sources;
  Options* options = nullptr;         /* required; pragmas set options here */
  std::vector<std::string> arguments; /* $0 is the program or script name, $1 ... the operands */
  int64_t target = 0;           /* $target; 0: none (-c and -p give one). With -c the process does
                                         not exist yet: give kTargetAtRunTime and $target reads
                                         hp_seg_header.target_pid */
  bool preprocess = false;      /* -C */
  bool show_includes = false;   /* -H */
  TypeSource* kernel = nullptr; /* types and symbols of a guest's kernel; null: there is none */
  std::vector<std::string> cpp_arguments; /* -D, -U, -I in order, as "-DNAME" ... */
  std::string* parsed = nullptr;          /* if set: receives the syntax tree as text */
};
inline constexpr int64_t kTargetAtRunTime = -1;

/* Text to checked program: no LLVM is touched. */
tl::expected<CheckedProgram, Diagnostic> check(CompileInput& input);

struct CompiledProgram {
  std::string object; /* ELF bytes, see transport/object.h */
};
/* check(), then code generation. */
tl::expected<CompiledProgram, Diagnostic> compile(CompileInput& input);

/* Reads a script for -s ("-": standard input). */
Result<Source> read_script(const std::string& path);

}  // namespace hp::probec
