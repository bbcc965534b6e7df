#include "probec/lexer.hpp"

#include <cctype>
#include <limits>

#include "probec/compiler.hpp"

namespace hp::probec {

namespace {

bool is_ident_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '`';
}
bool is_ident(char c) {
  return is_ident_start(c) || (c >= '0' && c <= '9');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}
/* What a probe description is made of. */
bool is_description(char c) {
  return is_ident(c) || c == '-' || c == '$' || c == ':' || c == '.' || c == '?' || c == '*' ||
         c == '[' || c == ']' || c == '!' || c == '\\' || c == '^';
}

}  // namespace

void raise(Tag tag, Location loc, std::string message, std::string hint) {
  throw CompileError{{tag, loc, std::move(message), std::move(hint)}};
}

Lexer::Lexer(std::vector<Source>& sources, uint32_t index, Macros& macros, PragmaHandler pragmas)
    : sources_(sources),
      main_(index),
      source_(index),
      text_(sources[index].text),
      macros_(macros),
      pragmas_(std::move(pragmas)) {
  if (text_.starts_with("#!")) {
    size_t newline = text_.find('\n');
    pos_ = newline == std::string_view::npos ? text_.size() : newline;
  }
}

Location Lexer::location() const {
  return {source_, line_, static_cast<uint32_t>(pos_ - line_start_ + 1),
          static_cast<uint32_t>(pos_)};
}

std::string Lexer::spelling(const Token& token) const {
  return std::string(text_.substr(token.loc.offset, token.end - token.loc.offset));
}

void Lexer::skip_comment() {
  Location start = location();
  for (pos_ += 2; pos_ < text_.size(); ++pos_) {
    if (at(pos_) == '*' && at(pos_ + 1) == '/') {
      pos_ += 2;
      return;
    }
    if (at(pos_) == '/' && at(pos_ + 1) == '*')
      raise(Tag::D_SYNTAX, location(), "/* encountered inside a comment");
    if (at(pos_) == '\n') {
      ++line_;
      line_start_ = pos_ + 1;
    }
  }
  raise(Tag::D_SYNTAX, start, "end-of-file encountered before matching */");
}

void Lexer::skip_space() {
  while (pos_ < text_.size()) {
    char c = text_[pos_];
    if (c == '\n') {
      ++pos_;
      ++line_;
      line_start_ = pos_;
    } else if (is_space(c)) {
      ++pos_;
    } else if (c == '\\' && at(pos_ + 1) == '\n') {
      pos_ += 2;
      ++line_;
      line_start_ = pos_;
    } else if (c == '/' && at(pos_ + 1) == '*') {
      skip_comment();
    } else if (c == '/' && at(pos_ + 1) == '/') {
      while (pos_ < text_.size() && at(pos_) != '\n') ++pos_;
    } else if (c == '#' &&
               text_.substr(line_start_, pos_ - line_start_).find_first_not_of(" \t\f\v") ==
                   std::string_view::npos) {
      control_line();
    } else {
      return;
    }
  }
}

void Lexer::control_line() {
  Location start = location();
  std::vector<std::string> words;
  ++pos_;
  while (pos_ < text_.size() && at(pos_) != '\n') {
    char c = at(pos_);
    if (is_space(c)) {
      ++pos_;
    } else if (c == '\\' && at(pos_ + 1) == '\n') {
      pos_ += 2;
      ++line_;
      line_start_ = pos_;
    } else if (c == '"') {
      words.push_back(escaped('"', location()));
    } else if (c == '/' && at(pos_ + 1) == '*') {
      skip_comment();
    } else if (c == ';') {
      words.emplace_back(";");
      ++pos_;
    } else {
      size_t from = pos_;
      while (pos_ < text_.size() && !is_space(at(pos_)) && at(pos_) != '"' && at(pos_) != ';')
        ++pos_;
      words.emplace_back(text_.substr(from, pos_ - from));
    }
  }
  if (words.empty()) return;
  if (is_digit(words[0][0])) return line_marker(words, 0);
  if (words[0] == "line") return line_marker(words, 1);
  if (words[0] == "pragma" || words[0] == "ident" || words[0] == "error")
    return pragmas_(start, words);
  raise(Tag::D_PRAGMA_INVAL, start, "invalid control directive: #" + words[0],
        "-C runs the C preprocessor first");
}

/* # 12 "file" flags: the next line is line 12 of that file. */
void Lexer::line_marker(const std::vector<std::string>& words, size_t first) {
  if (first >= words.size() || words[first].find_first_not_of("0123456789") != std::string::npos ||
      words[first].size() > 9)
    raise(Tag::D_PRAGMA_MALFORM, location(), "malformed #line directive");
  line_ = static_cast<uint32_t>(std::stoul(words[first])) - 1; /* the newline is still to come */
  if (first + 1 >= words.size()) return;
  const std::string& file = words[first + 1];
  if (file == sources_[main_].name || file == "<stdin>" || file.empty()) {
    source_ = main_;
    return;
  }
  for (uint32_t i = 0; i < sources_.size(); ++i)
    if (i != main_ && sources_[i].name == file) {
      source_ = i;
      return;
    }
  /* Views of other texts stay valid: a string that moves keeps its heap buffer, and short ones are
   * looked up again. */
  sources_.push_back({SourceKind::Script, file, {}});
  source_ = static_cast<uint32_t>(sources_.size() - 1);
  text_ = sources_[main_].text;
}

bool Lexer::closes_predicate() const {
  size_t pos = pos_ + 1;
  while (pos < text_.size()) {
    if (is_space(at(pos))) {
      ++pos;
    } else if (at(pos) == '/' && at(pos + 1) == '*') {
      size_t end = text_.find("*/", pos + 2);
      if (end == std::string_view::npos) return true;
      pos = end + 2;
    } else {
      break;
    }
  }
  char c = at(pos);
  return pos >= text_.size() || c == ';' || c == '{' || c == '/';
}

Token Lexer::next() {
  skip_space();
  Token token;
  token.loc = location();
  if (pos_ >= text_.size()) {
    token.end = static_cast<uint32_t>(pos_);
    return token;
  }
  char c = text_[pos_];
  if (is_ident_start(c)) return identifier(std::move(token));
  if (is_digit(c) || (c == '.' && is_digit(at(pos_ + 1)))) return number(std::move(token));
  if (c == '"') return string(std::move(token));
  if (c == '\'') return character(std::move(token));
  if (c == '$') return macro(std::move(token));
  if (c == '@') {
    size_t from = ++pos_;
    while (is_ident(at(pos_)) && at(pos_) != '`') ++pos_;
    token.kind = TokenKind::Aggregation;
    token.text = pos_ > from ? std::string(text_.substr(from, pos_ - from)) : "_";
    token.end = static_cast<uint32_t>(pos_);
    return token;
  }
  if (c == '/' && closes_predicate()) {
    token.kind = TokenKind::PredicateEnd;
    token.end = static_cast<uint32_t>(++pos_);
    return token;
  }
  struct Spelling {
    TokenKind kind;
    std::string_view text;
  };
  static constexpr Spelling kSpellings[] = {
#define HP_TOKEN(name, spelling) {TokenKind::name, spelling},
#include "probec/tokens.def"
#undef HP_TOKEN
  };
  for (const Spelling& s : kSpellings)
    if (text_.substr(pos_).starts_with(s.text)) {
      token.kind = s.kind;
      pos_ += s.text.size();
      token.end = static_cast<uint32_t>(pos_);
      return token;
    }
  std::string shown =
      std::isprint(static_cast<unsigned char>(c)) ? std::string(1, c) : "non-printable character";
  raise(Tag::D_SYNTAX, token.loc, "syntax error near \"" + shown + "\"");
}

Token Lexer::identifier(Token token) {
  size_t from = pos_;
  while (is_ident(at(pos_))) ++pos_;
  token.kind = TokenKind::Ident;
  token.text = text_.substr(from, pos_ - from);
  token.end = static_cast<uint32_t>(pos_);
  if (token.text.size() > 127)
    raise(Tag::D_ID_OFLOW, token.loc, "identifier is longer than 127 characters");
  return token;
}

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
            std::string("invalid digit ") + c + " in base " + std::to_string(base) +
                " integer constant");
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
            "macro argument " + std::string(all) + " is too large for an integer");
    raise(Tag::D_INT_OFLOW, token.loc,
          "integer constant " + std::string(all) + " cannot be represented in any built-in type");
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

std::string_view Lexer::peek_word() {
  skip_space();
  size_t end = pos_;
  while (is_description(at(end))) ++end;
  return text_.substr(pos_, end - pos_);
}

Token Lexer::next_description() {
  std::string_view word = peek_word();
  Token token;
  token.kind = TokenKind::Description;
  token.loc = location();
  for (size_t i = 0; i < word.size();) {
    if (word[i] != '$') {
      token.text += word[i++];
      continue;
    }
    size_t from = ++i;
    if (i < word.size() && word[i] == '$') from = ++i;
    while (i < word.size() && is_ident(word[i]) && word[i] != '`') ++i;
    std::string name(word.substr(from, i - from));
    std::optional<std::string> text;
    if (!name.empty() && name.find_first_not_of("0123456789") == std::string::npos) {
      text = name.size() < 6 ? macros_.argument(std::stoul(name)) : std::nullopt;
      if (!text && macros_.default_arguments()) text = "";
      if (!text)
        raise(Tag::D_MACRO_UNDEF, token.loc, "macro argument $" + name + " is not defined");
    } else if (std::optional<int64_t> value = macros_.variable(name);
               value && !(name == "target" && *value == kTargetAtRunTime)) {
      text = std::to_string(*value);
    } else {
      raise(Tag::D_MACRO_UNDEF, token.loc, "macro variable $" + name + " is not defined");
    }
    token.text += *text;
  }
  pos_ += word.size();
  token.end = static_cast<uint32_t>(pos_);
  return token;
}

}  // namespace hp::probec
