#include "probec/lexer.hpp"

#include <doctest/doctest.h>

#include "probec/compiler.hpp"

using namespace hp::probec;

namespace {

struct Lexed {
  std::vector<Source> sources;
  Macros macros;
  std::vector<std::vector<std::string>> pragmas;
  std::vector<Token> tokens;

  explicit Lexed(std::string text, std::vector<std::string> args = {"script"}, int64_t target = 0,
                 bool defaults = false)
      : sources{{SourceKind::Script, "f.d", std::move(text)}},
        macros(std::move(args), target, defaults) {
    Lexer lexer(sources, 0, macros, [this](Location, const std::vector<std::string>& words) {
      pragmas.push_back(words);
    });
    for (;;) {
      tokens.push_back(lexer.next());
      if (tokens.back().kind == TokenKind::End) break;
    }
    tokens.pop_back();
  }
};

Tag error_of(const std::string& text, std::vector<std::string> args = {"script"}) {
  try {
    Lexed lexed(text, std::move(args));
  } catch (const CompileError& error) {
    CHECK(error.diagnostic.loc.line > 0);
    CHECK(error.diagnostic.loc.column > 0);
    return error.diagnostic.tag;
  }
  return Tag::None;
}

}  // namespace

TEST_CASE("lexer: integers keep base and suffix") {
  Lexed l("0 42 052 0x2A 0X2au 7UL 7llu 0xffffffffffffffff");
  REQUIRE(l.tokens.size() == 8);
  for (int i : {1, 2, 3, 4}) CHECK(l.tokens[i].value == 42);
  CHECK(l.tokens[1].form.decimal);
  CHECK_FALSE(l.tokens[2].form.decimal);
  CHECK(l.tokens[4].form.is_unsigned);
  CHECK(l.tokens[5].form.longs == 1);
  CHECK(l.tokens[6].form.longs == 2);
  CHECK(l.tokens[7].value == UINT64_MAX);
  CHECK(error_of("18446744073709551616") == Tag::D_INT_OFLOW);
  CHECK(error_of("08") == Tag::D_INT_DIGIT);
  CHECK(error_of("1ulu") == Tag::D_SYNTAX);
  CHECK(error_of("1e5") == Tag::D_SYNTAX);
}

TEST_CASE("lexer: characters and strings expand their escapes") {
  Lexed l(R"('a' 'ab' '\n' '\x41' '\101' '\'' "a\tb\"\\\0hidden" "")");
  REQUIRE(l.tokens.size() == 8);
  CHECK(l.tokens[0].value == 'a');
  CHECK(l.tokens[1].value == ('a' << 8 | 'b'));
  CHECK(l.tokens[2].value == '\n');
  CHECK(l.tokens[3].value == 'A');
  CHECK(l.tokens[4].value == 'A');
  CHECK(l.tokens[5].value == '\'');
  CHECK(l.tokens[6].text == "a\tb\"\\");
  CHECK(l.tokens[7].text.empty());
  CHECK(error_of("\"abc") == Tag::D_SYNTAX);
  CHECK(error_of("'abcdefghi'") == Tag::D_CHR_OFLOW);
}

TEST_CASE("lexer: the longest punctuator wins") {
  Lexed l("a<<=b^^c^d->e++ +f...");
  std::vector<TokenKind> kinds;
  for (const Token& t : l.tokens) kinds.push_back(t.kind);
  using K = TokenKind;
  CHECK(kinds == std::vector<K>{K::Ident, K::ShiftLeftAssign, K::Ident, K::LogicalXor, K::Ident,
                                K::Xor, K::Ident, K::Arrow, K::Ident, K::Increment, K::Add,
                                K::Ident, K::Ellipsis});
}

TEST_CASE(
    "lexer: a slash closes a predicate only before a semicolon or brace or slash or the end") {
  CHECK(Lexed("1 / 2").tokens[1].kind == TokenKind::Divide);
  CHECK(Lexed("1 / {").tokens[1].kind == TokenKind::PredicateEnd);
  CHECK(Lexed("1 / /* x */ ;").tokens[1].kind == TokenKind::PredicateEnd);
  CHECK(Lexed("1 /").tokens[1].kind == TokenKind::PredicateEnd);
  CHECK(Lexed("1 /= 2").tokens[1].kind == TokenKind::DivideAssign);
}

TEST_CASE("lexer: comments and continued lines disappear, lines are counted") {
  Lexed l("#!/usr/sbin/probec -s\n/* one\ntwo */ a // b\n\\\nc");
  REQUIRE(l.tokens.size() == 2);
  CHECK(l.tokens[0].text == "a");
  CHECK(l.tokens[0].loc.line == 3);
  CHECK(l.tokens[0].loc.column == 8);
  CHECK(l.tokens[1].loc.line == 5);
  CHECK(error_of("/* a /* b */") == Tag::D_SYNTAX);
  CHECK(error_of("/* a") == Tag::D_SYNTAX);
}

TEST_CASE("lexer: line markers change file and line") {
  Lexed l("# 7 \"inc.h\" 1\nx\n# 40 \"f.d\" 2\ny");
  REQUIRE(l.tokens.size() == 2);
  CHECK(l.tokens[0].loc.line == 7);
  CHECK(l.sources[l.tokens[0].loc.source].name == "inc.h");
  CHECK(l.tokens[1].loc.line == 40);
  CHECK(l.tokens[1].loc.source == 0);
  CHECK(error_of("# 1x\n") == Tag::D_PRAGMA_MALFORM);
  CHECK(error_of("#nonsense\n") == Tag::D_PRAGMA_INVAL);
}

TEST_CASE("lexer: pragmas are split into words") {
  Lexed l("  #pragma D option a=b /* c */ \"d e\";\nx");
  REQUIRE(l.pragmas.size() == 1);
  CHECK(l.pragmas[0] == std::vector<std::string>{"pragma", "D", "option", "a=b", "d e", ";"});
  CHECK(l.tokens.size() == 1);
}

TEST_CASE("lexer: macro arguments are integers, identifiers or strings") {
  Lexed l("$1 $2 $3 $4 $$1 $5", {"s", "12", "-7", "probe_id", "two words", "\"q\""});
  REQUIRE(l.tokens.size() == 6);
  CHECK(l.tokens[0].value == 12);
  CHECK(l.tokens[1].negative);
  CHECK(l.tokens[1].value == 7);
  CHECK(l.tokens[2].kind == TokenKind::Ident);
  CHECK(l.tokens[3].kind == TokenKind::String);
  CHECK(l.tokens[3].text == "two words");
  CHECK(l.tokens[4].text == "12");
  CHECK(l.tokens[5].text == "q");
  CHECK(l.macros.extraneous() == 0);
  CHECK(error_of("$1") == Tag::D_MACRO_UNDEF);
  CHECK(error_of("$nothing") == Tag::D_MACRO_UNDEF);
  CHECK(error_of("$target") == Tag::D_MACRO_UNDEF);
  CHECK(Lexed("$1 $$1", {"s"}, 0, true).tokens[1].kind == TokenKind::String);
  CHECK(Lexed("x", {"s", "left over"}).macros.extraneous() == 1);
}

TEST_CASE("lexer: $target is a number, or the built-in variable when only the run will know") {
  CHECK(Lexed("$target", {"s"}, 77).tokens[0].value == 77);
  CHECK(Lexed("$target", {"s"}, kTargetAtRunTime).tokens[0].text == "target");
}

TEST_CASE("lexer: descriptions have an alphabet of their own") {
  std::vector<Source> sources{{SourceKind::Script, "f.d", "  web*:syscall::op[ae]n-$1?:entry , x"}};
  Macros macros({"s", "at"}, 0, false);
  Lexer lexer(sources, 0, macros, {});
  CHECK(lexer.peek_word() == "web*:syscall::op[ae]n-$1?:entry");
  Token token = lexer.next_description();
  CHECK(token.text == "web*:syscall::op[ae]n-at?:entry");
  CHECK(token.loc.column == 3);
  CHECK(lexer.next().kind == TokenKind::Comma);
}
