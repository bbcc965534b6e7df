/* D tokens to a syntax tree. The grammar is that of the dynamic tracing guides: C's declarations and
 * expressions, probe clauses, D's own declarations (self, this, inline, translator, provider).
 *
 * The parser knows the names of types, because `(a)(b)` means a cast or a call by them; it resolves
 * nothing else. Several sources are parsed into one tree, the built-in declarations first. */
#pragma once
#include <deque>
#include <functional>
#include <string>
#include <unordered_set>

#include "probec/ast.hpp"
#include "probec/lexer.hpp"
#include "probec/options.hpp"
#include "probec/type_source.hpp"

namespace hp::probec {

class Parser {
 public:
  Parser(ast::Tree& tree, std::vector<Source>& sources, Macros& macros, PragmaHandler pragmas)
      : tree_(tree), sources_(sources), macros_(macros), pragmas_(std::move(pragmas)) {}

  /* Called for each declaration, translator and provider that has been parsed, and for each call. */
  std::function<void()> on_declaration = [] {};
  std::function<void(const std::string&, Location)> on_call = [](const std::string&, Location) {};

  /* -xpspec: a word that could be both is a probe description. */
  void set_options(const Options* options) { options_ = options; }
  /* Where names may come from that are types though nobody declares them; null: nowhere. */
  void set_kernel(TypeSource* kernel) { kernel_ = kernel; }
  /* Parses one source to its end. Throws CompileError. */
  void parse(uint32_t source);

  /* Where the last source ended. */
  [[nodiscard]] Location end() const { return end_; }
  /* What was being parsed when an error was thrown: "action list"... */
  [[nodiscard]] const char* region() const { return region_; }

  static constexpr unsigned kMaxPointers = 32; /* in one declarator */
  static constexpr unsigned kMaxDepth = 400;   /* of nested expressions, types and statements */

 private:
  /* parser.cpp: items and statements */
  void item(std::string_view word);
  bool starts_declaration(std::string_view word);
  void clause();
  std::vector<ProbeDesc> descriptions();
  ProbeDesc description(const Token& token);
  std::vector<ast::StmtId> block();
  ast::StmtId statement();
  std::vector<ast::StmtId> branch();

  /* parser_decl.cpp */
  void declaration();
  void translator();
  void provider();
  struct Specifiers {
    ast::TypeId type;
    ast::Storage storage = ast::Storage::None;
    bool is_inline = false;
    Location loc;
    /* The name that is declared, if it was read as one of the specifiers: in `int size_t;` the last
     * type name is what is declared. */
    std::string name;
    Location name_loc;
  };
  Specifiers specifiers(bool storage_allowed);
  bool starts_type(const Token& token) const;
  bool is_kernel_type(size_t ahead);
  bool is_kernel_cast();
  std::string own_name(const std::string& word) const;
  ast::TypeId aggregate(ast::TypeKind kind);
  ast::TypeId enumeration();
  struct Declarator {
    std::string name;
    ast::TypeId type;
    Location loc;
  };
  /* given: a name that the specifiers have swallowed. */
  Declarator declarator(const Specifiers& base, bool name_required);
  Declarator declarator(ast::TypeId base, bool name_required, const Specifiers* given = nullptr);
  ast::TypeId suffixes(ast::TypeId base);
  void parameters(ast::Type& type, TokenKind close);
  ast::TypeId type_name();
  /* Line of the last token that was read: what a message names for a construct that ends here. A
   * construct that needs to see the next token to end has read it by then, as LALR(1) parsers do. */
  [[nodiscard]] uint32_t reading_line() const {
    return ahead_.empty() ? last_line_ : ahead_.back().loc.line;
  }
  ast::TypeId add(ast::Type type) {
    type.loc.shown = reading_line();
    tree_.types.push_back(std::move(type));
    return ast::TypeId(tree_.types.size() - 1);
  }

  /* parser_expr.cpp */
  ast::ExprId expression();
  ast::ExprId assignment();
  ast::ExprId conditional();
  ast::ExprId binary(int level);
  ast::ExprId unary();
  ast::ExprId postfix();
  ast::ExprId primary();
  std::vector<ast::ExprId> arguments(TokenKind close);
  ast::ExprId add(ast::Expr expr);
  void forbid_zero(Op op, ast::ExprId divisor, Location loc);

  /* tokens */
  const Token& peek(size_t ahead = 0);
  Token take();
  bool accept(TokenKind kind);
  bool accept_word(std::string_view word);
  bool is_word(std::string_view word) {
    return peek().kind == TokenKind::Ident && peek().text == word;
  }
  Token expect(TokenKind kind);
  std::string expect_name();
  [[noreturn]] void syntax_error(const Token& token);

  /* Bounds recursion: one per nested construct. */
  struct Nested {
    explicit Nested(Parser& parser);
    ~Nested() { --parser.depth_; }
    Parser& parser;
  };

  ast::Tree& tree_;
  std::vector<Source>& sources_;
  Macros& macros_;
  PragmaHandler pragmas_;
  Lexer* lexer_ = nullptr;
  std::deque<Token> ahead_;
  uint32_t last_end_ = 0, last_line_ = 0;
  SourceKind kind_ = SourceKind::Script;
  const Options* options_ = nullptr;
  unsigned depth_ = 0;
  Location end_;
  const char* region_ = "";
  TypeSource* kernel_ = nullptr;
  std::unordered_set<std::string> type_names_{"string"};
  std::unordered_set<std::string> names_; /* used as a value: no type is meant */
};

/* C and D words that cannot name anything. */
bool is_keyword(std::string_view word);

}  // namespace hp::probec
