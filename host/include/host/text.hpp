/* The text layouts of dtrace(1) for records: header, rows, traced values, byte dumps.
 *
 * All functions are pure: they append to a string and know nothing about where it goes. Layouts
 * follow dtrace(1) to the column. */
#pragma once
#include <cstdarg>
#include <span>
#include <string>
#include <string_view>

#include "host/value.hpp"

namespace hp {

/* printf(3) into a string. */
[[gnu::format(printf, 2, 3)]] void appendf(std::string& out, const char* format, ...);

/* "CPU     ID                    FUNCTION:NAME" */
void append_header(std::string& out);
/* "  0      1                           :BEGIN ", without newline: values follow. */
void append_row(std::string& out, int cpu, const ProbeName& probe);

/* trace(): quiet values have no padding. rawbytes: option; dump whatever it is. */
void append_traced(std::string& out, const Value& v, bool quiet, bool rawbytes = false);

/* tracemem(), and values that are neither a number nor text: sixteen bytes a line. */
void append_dump(std::string& out, std::string_view bytes);
/* A char array: as text if it looks like text (printable, then only NULs), else as a dump. */
void append_bytes(std::string& out, std::string_view bytes, int width, bool quiet);

/* A key of an aggregation in the default layouts. */
void append_key(std::string& out, const Value& v);

/* The value of stack() or ustack(): a newline, then one frame a line, indented; by name where the
 * value has a source of symbols, else "0x...". */
void append_stack(std::string& out, const Value& v, int indent);
/* The frames of a value recorded by stack() or ustack(). */
std::vector<uint64_t> stack_frames(const Value& v);

/* printf's %S and %C: what is not printable as C escapes. */
std::string escape_text(std::string_view s);
/* printf's %Y: "1973 Dec  3 17:20:00", local time. ns since the Epoch. */
std::string time_text(uint64_t ns);
/* printf's %T: "Mon, 03 Dec 1973 17:20:00 GMT", local time. */
std::string time822_text(uint64_t ns);

}  // namespace hp
