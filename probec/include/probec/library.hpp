/* Libraries: D text that is parsed before a program's own.
 *
 * The standard ones (probec/libraries/NAME.d) are part of probec. types.d is always read; another one
 * only if the program, or a library that it uses, contains a word that the library declares: a one-line
 * program reads one of them. Directories given with -L or -x libdir are read whole, every *.d in them,
 * as dtrace(1) does; -x nolibs leaves out all but C's types.
 *
 * `#pragma D depends_on library|module|provider NAME` orders libraries; one that needs a module or
 * provider which does not exist, or a library that is left out, is left out silently. A circle of
 * libraries is an error. Thread-safe. */
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "probec/options.hpp"
#include "probec/source.hpp"

namespace hp::probec {

struct StandardLibrary {
  const char* name; /* "errno.d" */
  std::string_view text;
};
std::span<const StandardLibrary> standard_libraries();

/* The libraries of a program, in the order in which they are to be parsed. */
Result<std::vector<Source>> libraries_of(const std::vector<Source>& program,
                                         const Options& options);

/* What `#pragma D depends_on` can name. */
bool module_exists(std::string_view name);
bool provider_exists(std::string_view name);

}  // namespace hp::probec
