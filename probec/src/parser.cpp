#include "probec/parser.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "characters.hpp"
#include "transport/result.hpp"

namespace hp::probec {

namespace {

constexpr std::string_view kKeywords[] = {
    "auto",     "break",  "case",       "char",    "const",    "continue",   "default",  "do",
    "double",   "else",   "enum",       "extern",  "float",    "for",        "goto",     "if",
    "import",   "inline", "int",        "long",    "offsetof", "provider",   "register", "restrict",
    "return",   "self",   "short",      "signed",  "sizeof",   "static",     "stringof", "struct",
    "switch",   "this",   "translator", "typedef", "union",    "unsigned",   "userland", "void",
    "volatile", "while",  "xlate",      "_Bool",   "_Complex", "_Imaginary",
};

/* Words that begin a declaration between clauses. */
constexpr std::string_view kDeclarationWords[] = {
    "auto",     "char",   "const",    "double",   "enum",       "extern",     "float", "inline",
    "int",      "long",   "provider", "register", "restrict",   "self",       "short", "signed",
    "static",   "string", "struct",   "this",     "translator", "typedef",    "union", "unsigned",
    "userland", "void",   "volatile", "_Bool",    "_Complex",   "_Imaginary",
};

}  // namespace

bool is_keyword(std::string_view word) {
  return std::find(std::begin(kKeywords), std::end(kKeywords), word) != std::end(kKeywords);
}

Parser::Nested::Nested(Parser& p) : parser(p) {
  if (++parser.depth_ > kMaxDepth) {
    --parser.depth_;
    raise(Tag::D_SYNTAX, parser.peek().loc, "nested too deeply");
  }
}

const Token& Parser::peek(size_t ahead) {
  while (ahead_.size() <= ahead) ahead_.push_back(lexer_->next());
  return ahead_[ahead];
}

Token Parser::take() {
  peek();
  Token token = std::move(ahead_.front());
  ahead_.pop_front();
  last_end_ = token.end;
  last_line_ = token.loc.line;
  return token;
}

bool Parser::accept(TokenKind kind) {
  if (peek().kind != kind) return false;
  take();
  return true;
}

bool Parser::accept_word(std::string_view word) {
  if (!is_word(word)) return false;
  take();
  return true;
}

Token Parser::expect(TokenKind kind) {
  if (peek().kind != kind) syntax_error(peek());
  return take();
}

std::string Parser::expect_name() {
  if (peek().kind != TokenKind::Ident || is_keyword(peek().text)) syntax_error(peek());
  return take().text;
}

void Parser::syntax_error(const Token& token) {
  if (token.kind == TokenKind::End)
    raise(Tag::D_SYNTAX, token.loc, "syntax error near end of input");
  raise(Tag::D_SYNTAX, token.loc, "syntax error near \"" + lexer_->spelling(token) + "\"");
}

void Parser::parse(uint32_t source) {
  Lexer lexer(sources_, source, macros_, pragmas_);
  lexer_ = &lexer;
  kind_ = sources_[source].kind;
  ahead_.clear();
  for (;;) {
    region_ = "";
    std::string_view word = lexer.peek_word();
    if (word.empty()) {
      if (peek().kind == TokenKind::End) {
        end_ = take().loc;
        break;
      }
      if (accept(TokenKind::Semicolon)) continue;
      region_ = "probe description";
      syntax_error(peek());
    }
    item(word);
    HP_CHECK(ahead_.empty());
  }
  lexer_ = nullptr;
}

bool Parser::starts_declaration(std::string_view word) {
  size_t length = 0;
  while (length < word.size() &&
         (std::isalnum(static_cast<unsigned char>(word[length])) || word[length] == '_'))
    ++length;
  if (word.substr(length).find(':') != std::string_view::npos) return false;
  if (options_ && options_->flag(Option::pspec) && length != word.size()) return false;
  std::string_view first = word.substr(0, length);
  if (std::find(std::begin(kDeclarationWords), std::end(kDeclarationWords), first) !=
          std::end(kDeclarationWords) ||
      type_names_.contains(std::string(first)))
    return true;
  /* "word name" and "word *" describe no probes. */
  char next = lexer_->after_word();
  if (!kernel_ || length == 0 || length != word.size() || !(is_ident_start(next) || next == '*') ||
      !kernel_->has_typedef(first))
    return false;
  type_names_.insert(std::string(first));
  return true;
}

void Parser::item(std::string_view word) {
  if (!starts_declaration(word)) return clause();
  region_ = "declaration";
  if (word == "translator")
    translator();
  else if (word == "provider")
    provider();
  else
    declaration();
}

ProbeDesc Parser::description(const Token& token) {
  ProbeDesc desc;
  desc.loc = token.loc;
  const std::string& text = token.text;
  if (text.find_first_not_of("0123456789") == std::string::npos && !text.empty()) {
    if (text.size() > 9) raise(Tag::D_PDESC_INVAL, token.loc, "probe ID " + text + " is too large");
    desc.id = static_cast<uint32_t>(std::stoul(text));
    if (desc.id == 0) raise(Tag::D_PDESC_INVAL, token.loc, "Unknown probe identifier");
    return desc;
  }
  if (kind_ == SourceKind::ProbeId)
    raise(Tag::D_PDESC_INVAL, token.loc, "\"" + text + "\" is not a probe ID");
  /* Elements are matched from the right: the last is what the option that gave the text names. */
  std::vector<std::string> parts;
  size_t from = 0;
  for (size_t colon; (colon = text.find(':', from)) != std::string::npos; from = colon + 1)
    parts.push_back(text.substr(from, colon - from));
  parts.push_back(text.substr(from));
  std::array<std::string*, 5> all = {&desc.target, &desc.provider, &desc.module, &desc.function,
                                     &desc.name};
  size_t last = kind_ == SourceKind::Provider   ? 2
                : kind_ == SourceKind::Module   ? 3
                : kind_ == SourceKind::Function ? 4
                                                : 5;
  if (parts.size() > last)
    raise(Tag::D_PDESC_INVAL, token.loc,
          "invalid probe description \"" + text + "\": Overspecified probe description",
          "elements are target:provider:module:function:name");
  /* A tracepoint is known by two names, its subsystem's and its own: sdt:sched:sched_switch. */
  const bool tracepoint =
      last == 5 && parts.size() == 3 && (parts[0] == "sdt" || parts[0] == "rawtp");
  const size_t first = tracepoint ? 1 : last - parts.size();
  for (size_t i = 0; i < parts.size(); ++i) *all[first + i] = parts[i];
  return desc;
}

std::vector<ProbeDesc> Parser::descriptions() {
  region_ = "probe description";
  std::vector<ProbeDesc> descs;
  do {
    if (lexer_->peek_word().empty()) syntax_error(peek());
    Token token = lexer_->next_description();
    last_end_ = token.end;
    last_line_ = token.loc.line;
    descs.push_back(description(token));
    /* What follows is read in C's vocabulary only if it is no word. */
    if (!lexer_->peek_word().empty()) syntax_error(peek());
  } while (accept(TokenKind::Comma));
  return descs;
}

void Parser::clause() {
  ast::Clause clause;
  clause.loc = lexer_->location();
  clause.descs = descriptions();
  bool predicate = peek().kind == TokenKind::Divide;
  if (predicate) {
    take();
    region_ = "predicate";
    clause.predicate = expression();
    expect(TokenKind::PredicateEnd);
  }
  if (accept(TokenKind::LeftBrace)) {
    region_ = "action list";
    clause.body = block();
    clause.has_body = true;
  } else {
    const Token& token = peek();
    bool ends = token.kind == TokenKind::End || token.kind == TokenKind::Semicolon;
    if (!ends) syntax_error(token);
    if (predicate)
      raise(Tag::D_SYNTAX, tree_[clause.predicate].loc,
            "expected actions { } following probe description and predicate");
    if (kind_ == SourceKind::Script)
      raise(Tag::D_SYNTAX, clause.loc,
            "expected predicate and/or actions following probe description",
            "write { } with statements, or /condition/, after the description");
    take();
  }
  clause.end = last_end_;
  clause.loc.shown = last_line_;
  tree_.clauses.push_back(std::move(clause));
  tree_.items.push_back({ast::ItemKind::Clause, static_cast<uint32_t>(tree_.clauses.size() - 1)});
}

std::vector<ast::StmtId> Parser::block() {
  std::vector<ast::StmtId> stmts;
  while (peek().kind != TokenKind::RightBrace) stmts.push_back(statement());
  take();
  return stmts;
}

std::vector<ast::StmtId> Parser::branch() {
  if (accept(TokenKind::LeftBrace)) return block();
  return {statement()};
}

ast::StmtId Parser::statement() {
  Nested nested(*this);
  ast::Stmt stmt;
  stmt.loc = peek().loc;
  if (accept(TokenKind::Semicolon)) {
    stmt.kind = ast::StmtKind::Empty;
  } else if (accept_word("if")) {
    stmt.kind = ast::StmtKind::If;
    expect(TokenKind::LeftParen);
    stmt.expr = expression();
    expect(TokenKind::RightParen);
    stmt.then_block = branch();
    if (accept_word("else")) stmt.else_block = branch();
  } else {
    stmt.kind = ast::StmtKind::Expression;
    stmt.expr = expression();
    /* The last statement of a block needs no semicolon. */
    if (peek().kind != TokenKind::RightBrace) expect(TokenKind::Semicolon);
  }
  tree_.stmts.push_back(std::move(stmt));
  return ast::StmtId(tree_.stmts.size() - 1);
}

}  // namespace hp::probec
