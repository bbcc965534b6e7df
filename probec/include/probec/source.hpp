/* D source text as given with -s, -n, -P, -m, -f or -i, and positions in it.
 *
 * All sources of one command line make one program, clauses in order. Lines and columns count from
 * 1; columns are bytes. `# line` markers left by the C preprocessor change what a location prints.
 */
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hp::probec {

enum class SourceKind : uint8_t {
  Script,     /* -s FILE */
  Clause,     /* -n 'description /predicate/ { ... }' */
  Provider,   /* -P */
  Module,     /* -m */
  Function,   /* -f */
  ProbeId,    /* -i */
  Library,    /* D declarations: standard libraries and those of -L */
  Foundation, /* C's types and constants: what they declare may be declared anew */
};

struct Source {
  SourceKind kind = SourceKind::Clause;
  std::string name; /* file name for messages, or the text itself for probes given as arguments */
  std::string text;
  /* Of an entry that a line marker made: the source that the marker is in. */
  std::optional<uint32_t> includer = {};
};

struct Location {
  uint32_t source = 0; /* index in the compilation's sources */
  uint32_t line = 0;   /* 0: no particular place */
  uint32_t column = 0;
  uint32_t offset = 0; /* byte in the source's text */
  uint32_t shown = 0;  /* the line that messages name: where the construct ended. 0: line */
};

}  // namespace hp::probec
