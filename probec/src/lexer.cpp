#include "probec/lexer.hpp"

#include <cctype>

#include "characters.hpp"
#include "probec/compiler.hpp"

namespace hp::probec {

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
  start.shown = line_; /* missed at the end */
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
    } else if (c == '/' && at(pos_ + 1) == '/') {
      while (pos_ < text_.size() && at(pos_) != '\n') ++pos_;
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
  sources_.push_back({SourceKind::Script, file, {}, main_});
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

std::string_view Lexer::peek_word() {
  skip_space();
  return text_.substr(pos_, end_of_description() - pos_);
}

/* The element after uprobe: or usdt: may be a path; else a slash begins a predicate. */
size_t Lexer::end_of_description() const {
  size_t end = pos_;
  while (true) {
    while (is_description(at(end))) ++end;
    const std::string_view before = text_.substr(pos_, end - pos_);
    if (at(end) != '/' || !(before.ends_with("uprobe:") || before.ends_with("usdt:"))) return end;
    while (is_description(at(end)) || is_path(at(end))) {
      if (at(end) == ':') break;
      ++end;
    }
  }
}

char Lexer::after_word() const {
  size_t at_word = end_of_description();
  while (at(at_word) == ' ' || at(at_word) == '\t') ++at_word;
  return at(at_word);
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
