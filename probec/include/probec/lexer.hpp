/* D text to tokens.
 *
 * D has two vocabularies. Between clauses a word may be a probe description, in which '-', '*', '?',
 * '[' and ':' are letters; within clauses and declarations the words are C's. The parser knows where
 * it is and asks for one or the other: next() reads C tokens, next_description() a description.
 *
 * A '/' that only white space and comments separate from ';', '{', '/' or the end closes a predicate
 * (PredicateEnd); any other is a division.
 *
 * Control lines (`# 1 "f.h"`, `#line`, `#pragma D ...`, `#ident`, `#!`) never reach the parser: line
 * markers are obeyed here, pragmas go to the Pragmas interface.
 *
 * Errors are thrown as CompileError. */
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "probec/ast.hpp"
#include "probec/diagnostic.hpp"
#include "probec/macros.hpp"

namespace hp::probec {

/* Leaves the compiler's front; never its public interface. */
struct CompileError {
  Diagnostic diagnostic;
};

[[noreturn]] void raise(Tag tag, Location loc, std::string message, std::string hint = {});

enum class TokenKind : uint8_t {
  End,
  Ident,       /* text; keywords too */
  Integer,     /* value, form */
  String,      /* text, escapes done */
  Aggregation, /* text: name without '@', "_" if none was written */
  Description, /* text: a probe description, macros expanded */
  PredicateEnd,
#define HP_TOKEN(name, spelling) name,
#include "probec/tokens.def"
#undef HP_TOKEN
};

struct Token {
  TokenKind kind = TokenKind::End;
  Location loc;
  uint32_t end = 0; /* offset past its text */
  std::string text;
  uint64_t value = 0;
  ast::IntegerForm form;
  bool negative = false; /* an integer from a macro argument that began with '-' */
};

/* A `#pragma` line, split into words; quoted words lose their quotes. */
using PragmaHandler = std::function<void(Location, const std::vector<std::string>& words)>;

class Lexer {
 public:
  /* `sources` may grow: a line marker that names another file adds an entry for messages. The text
   * of sources[index] must stay where it is. */
  Lexer(std::vector<Source>& sources, uint32_t index, Macros& macros, PragmaHandler pragmas);

  Token next();
  /* The word at the current place by the description's alphabet, without expanding macros or moving;
   * empty if there is none. Skips white space, comments and control lines before it. */
  std::string_view peek_word();
  /* What comes after that word and blanks; 0: nothing. */
  [[nodiscard]] char after_word() const;
  Token next_description();

  /* "foo" for messages: the text of the token at loc. */
  [[nodiscard]] std::string spelling(const Token& token) const;
  [[nodiscard]] Location location() const;

 private:
  [[nodiscard]] size_t end_of_description() const;
  void skip_space();
  void skip_comment();
  void control_line();
  void line_marker(const std::vector<std::string>& words, size_t first);
  bool closes_predicate() const;
  Token identifier(Token token);
  Token number(Token token);
  Token character(Token token);
  Token string(Token token);
  Token macro(Token token);
  void from_argument(Token& token, std::string_view text);
  std::string escaped(char quote, Location start);
  [[nodiscard]] char at(size_t offset) const {
    return offset < text_.size() ? text_[offset] : '\0';
  }

  std::vector<Source>& sources_;
  uint32_t main_, source_;
  std::string_view text_;
  Macros& macros_;
  PragmaHandler pragmas_;
  size_t pos_ = 0, line_start_ = 0;
  uint32_t line_ = 1;
};

/* Integer text with C prefixes and suffixes; used for constants and macro arguments. */
void parse_integer(std::string_view text, Token& token, bool from_macro);

}  // namespace hp::probec
