/* The lexer's classes of characters. */
#pragma once
#include <cctype>

namespace hp::probec {

inline bool is_ident_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '`';
}
inline bool is_ident(char c) {
  return is_ident_start(c) || (c >= '0' && c <= '9');
}
inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}
/* What a probe description is made of. */
inline bool is_description(char c) {
  return is_ident(c) || c == '-' || c == '$' || c == ':' || c == '.' || c == '?' || c == '*' ||
         c == '[' || c == ']' || c == '!' || c == '\\' || c == '^';
}

/* What else a path in one may have. */
inline bool is_path(char c) {
  return c == '/' || c == '+' || c == '@' || c == '~' || c == '=';
}

}  // namespace hp::probec
