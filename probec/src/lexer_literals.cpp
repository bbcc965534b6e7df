/* Constants and macro variables. */
#include <cctype>

#include "characters.hpp"
#include "probec/compiler.hpp"
#include "probec/lexer.hpp"

namespace hp::probec {

void parse_integer(std::string_view text, Token& token, bool from_macro) {
  std::string_view all = text;
  token.kind = TokenKind::Integer;
  if (from_macro && (text.starts_with('-') || text.starts_with('+'))) {
    token.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  unsigned base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with('0')) {
    base = 8;
  }
  token.form.decimal = base == 10;
  uint64_t value = 0;
  bool overflow = false;
  size_t i = 0;
  for (; i < text.size() && std::isxdigit(static_cast<unsigned char>(text[i])); ++i) {
    char c = text[i];
    unsigned digit = is_digit(c) ? unsigned(c - '0')
                                 : unsigned(std::tolower(static_cast<unsigned char>(c)) - 'a') + 10;
    if (digit >= base) {
      if (!is_digit(c)) break;
      raise(Tag::D_INT_DIGIT, token.loc,
            "constant " + std::string(all) + " contains invalid digit " + c);
    }
    overflow |= __builtin_mul_overflow(value, uint64_t(base), &value);
    overflow |= __builtin_add_overflow(value, uint64_t(digit), &value);
  }
  std::string_view suffix = text.substr(i);
  if (i == 0 && base == 16) suffix = "x";
  for (char c : suffix) {
    if ((c == 'u' || c == 'U') && !token.form.is_unsigned)
      token.form.is_unsigned = true;
    else if ((c == 'l' || c == 'L') && token.form.longs < 2)
      ++token.form.longs;
    else if (from_macro)
      raise(Tag::D_MACRO_OFLOW, token.loc,
            "macro integer argument " + std::string(all) + " has an invalid suffix");
    else
      raise(Tag::D_SYNTAX, token.loc, "syntax error near \"" + std::string(all) + "\"");
  }
  if (overflow) {
    if (from_macro)
      raise(Tag::D_MACRO_OFLOW, token.loc,
            "macro argument constant " + std::string(all) + " results in integer overflow");
    raise(Tag::D_INT_OFLOW, token.loc,
          "integer constant " + std::string(all) +
              " cannot be represented in any built-in integral type");
  }
  token.value = value;
}

Token Lexer::number(Token token) {
  size_t from = pos_;
  bool hex = at(pos_) == '0' && (at(pos_ + 1) == 'x' || at(pos_ + 1) == 'X');
  bool floating = false;
  while (is_ident(at(pos_)) || (at(pos_) == '.' && is_digit(at(pos_ + 1)))) {
    floating |= at(pos_) == '.';
    bool exponent = !hex && (at(pos_) == 'e' || at(pos_) == 'E') &&
                    (is_digit(at(pos_ + 1)) || at(pos_ + 1) == '-' || at(pos_ + 1) == '+');
    pos_ += exponent ? 2 : 1;
    floating |= exponent;
  }
  std::string_view text = text_.substr(from, pos_ - from);
  token.end = static_cast<uint32_t>(pos_);
  if (floating) raise(Tag::D_SYNTAX, token.loc, "floating-point constants are not permitted");
  parse_integer(text, token, false);
  return token;
}

/* The text up to the closing quote, escapes expanded; pos_ at the opening quote. */
std::string Lexer::escaped(char quote, Location start) {
  std::string out;
  ++pos_;
  for (;;) {
    if (pos_ >= text_.size())
      raise(Tag::D_SYNTAX, start, std::string("end-of-file encountered before matching ") + quote);
    char c = text_[pos_++];
    if (c == quote) return out;
    if (c == '\n')
      raise(quote == '"' ? Tag::D_STR_NL : Tag::D_CHR_NL, start,
            quote == '"' ? "newline encountered in string literal"
                         : "newline encountered in character constant");
    if (c != '\\') {
      out += c;
      continue;
    }
    char e = at(pos_);
    if (pos_ < text_.size()) ++pos_;
    switch (e) {
      case 'a':
        out += '\a';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'v':
        out += '\v';
        break;
      case '\n':
        ++line_;
        line_start_ = pos_;
        break;
      case 'x': {
        unsigned value = 0;
        while (std::isxdigit(static_cast<unsigned char>(at(pos_)))) {
          char d = at(pos_++);
          value = value * 16 +
                  (is_digit(d) ? unsigned(d - '0')
                               : unsigned(std::tolower(static_cast<unsigned char>(d)) - 'a') + 10);
        }
        out += static_cast<char>(value);
        break;
      }
      case '0':
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7': {
        unsigned value = unsigned(e - '0');
        for (int i = 0; i < 2 && at(pos_) >= '0' && at(pos_) <= '7'; ++i)
          value = value * 8 + unsigned(at(pos_++) - '0');
        out += static_cast<char>(value);
        break;
      }
      default:
        out += e;
        break;
    }
  }
}

Token Lexer::string(Token token) {
  token.kind = TokenKind::String;
  token.text = escaped('"', token.loc);
  if (size_t nul = token.text.find('\0'); nul != std::string::npos) token.text.resize(nul);
  token.end = static_cast<uint32_t>(pos_);
  return token;
}

Token Lexer::character(Token token) {
  std::string text = escaped('\'', token.loc);
  if (text.empty()) raise(Tag::D_CHR_NULL, token.loc, "empty character constant");
  if (text.size() > sizeof(uint64_t))
    raise(Tag::D_CHR_OFLOW, token.loc, "character constant is too long");
  token.kind = TokenKind::Integer;
  for (char c : text) token.value = token.value << 8 | static_cast<unsigned char>(c);
  token.form.character = true;
  token.end = static_cast<uint32_t>(pos_);
  return token;
}

/* A macro argument's text is an integer, an identifier, or else a string. */
void Lexer::from_argument(Token& token, std::string_view text) {
  bool signed_number = text.size() > 1 && (text[0] == '-' || text[0] == '+') && is_digit(text[1]);
  bool word = !text.empty();
  for (char c : signed_number ? text.substr(1) : text) word &= is_ident(c);
  if (word && (signed_number || is_digit(text[0]))) {
    parse_integer(text, token, true);
  } else if (word) {
    token.kind = TokenKind::Ident;
    token.text = text;
  } else {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
      text.remove_prefix(1);
      text.remove_suffix(1);
    }
    token.kind = TokenKind::String;
    token.text = text;
  }
}

Token Lexer::macro(Token token) {
  bool as_string = at(pos_ + 1) == '$';
  pos_ += as_string ? 2 : 1;
  size_t from = pos_;
  while (is_ident(at(pos_)) && at(pos_) != '`') ++pos_;
  std::string name(text_.substr(from, pos_ - from));
  token.end = static_cast<uint32_t>(pos_);
  if (name.empty()) raise(Tag::D_SYNTAX, token.loc, "syntax error near \"$\"");
  if (name.find_first_not_of("0123456789") == std::string::npos) {
    std::optional<std::string> text =
        name.size() < 6 ? macros_.argument(std::stoul(name)) : std::nullopt;
    if (!text && !macros_.default_arguments())
      raise(Tag::D_MACRO_UNDEF, token.loc, "macro argument $" + name + " is not defined");
    if (as_string) {
      token.kind = TokenKind::String;
      token.text = text.value_or("");
    } else if (text) {
      from_argument(token, *text);
    } else {
      token.kind = TokenKind::Integer;
    }
    return token;
  }
  std::optional<int64_t> value = macros_.variable(name);
  if (!value) raise(Tag::D_MACRO_UNDEF, token.loc, "macro variable $" + name + " is not defined");
  if (name == "target" && *value == kTargetAtRunTime) {
    token.kind = TokenKind::Ident; /* the built-in variable of that name */
    token.text = "target";
  } else if (as_string) {
    token.kind = TokenKind::String;
    token.text = std::to_string(*value);
  } else {
    token.kind = TokenKind::Integer;
    token.value = static_cast<uint64_t>(*value);
  }
  return token;
}

}  // namespace hp::probec
