/* -C: the C preprocessor over a source, by running the real one (cpp(1), -xcpppath). */
#pragma once
#include <string>
#include <vector>

#include "probec/options.hpp"
#include "probec/source.hpp"

namespace hp::probec {

/* The preprocessed text, with line markers. cpp's own messages go to standard error. arguments: -D,
 * -U and -I options in order. show_includes: -H. */
Result<std::string> preprocess(const Source& source, const Options& options,
                               const std::vector<std::string>& arguments, bool show_includes);

}  // namespace hp::probec
