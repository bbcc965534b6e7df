/* Errors in the user's script: what, where, and what to do about it.
 *
 * Compilation stops at the first error, as dtrace(1) does. The message that users and their test
 * scripts see is one line, as dtrace(1) lays it out; on a terminal the source line, a caret and a hint
 * follow. */
#pragma once
#include <string>
#include <vector>

#include "probec/source.hpp"

namespace hp::probec {

enum class Tag : uint16_t {
#define HP_DIAGNOSTIC(tag) tag,
#include "probec/diagnostics.def"
#undef HP_DIAGNOSTIC
  None, /* not an error in the text: a file that cannot be read, a preprocessor that failed */
};

const char* name_of(Tag tag);

struct Diagnostic {
  Tag tag = Tag::D_SYNTAX;
  Location loc;
  std::string message; /* without newline; no line number */
  std::string hint;    /* may be empty */
  std::string region;  /* "predicate", "action list"...: where, for probes given as arguments */
};

struct DiagnosticStyle {
  bool tags = false;   /* -xerrtags */
  bool carets = false; /* stderr is a terminal, or verbose */
};

/* The complete message with its newline, with -xerrtags exactly as dtrace(1) lays it out:
 *     probec: failed to compile script f.d: [D_SYNTAX] line 3: ...
 *     probec: invalid probe specifier BEGIN { foo }: [D_IDENT_UNDEF] in action list: ...
 * and without it followed by the column (and line) in parentheses.
 * `program` is the name before the first colon. */
std::string render(const Diagnostic& diagnostic, const std::vector<Source>& sources,
                   const DiagnosticStyle& style, const std::string& program = "probec");

}  // namespace hp::probec
