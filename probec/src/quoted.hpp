/* Text as a dump shows it: between quotes, with \n \t \" and \\ escaped. */
#pragma once
#include <string>
#include <string_view>

namespace hp::probec {

inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else
      out += c;
  }
  return out + "\"";
}

}  // namespace hp::probec
