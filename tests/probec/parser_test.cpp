#include "probec/parser.hpp"

#include <doctest/doctest.h>

using namespace hp::probec;

namespace {

ast::Tree parsed(const std::string& text, SourceKind kind = SourceKind::Clause) {
  ast::Tree tree;
  std::vector<Source> sources{{kind, "f.d", text}};
  Macros macros({"f.d"}, 0, false);
  Parser parser(tree, sources, macros, [](Location, const std::vector<std::string>&) {});
  parser.parse(0);
  return tree;
}

Tag error_of(const std::string& text, SourceKind kind = SourceKind::Clause) {
  try {
    parsed(text, kind);
  } catch (const CompileError& error) {
    return error.diagnostic.tag;
  }
  return Tag::None;
}

/* The tree of the first statement's expression, fully parenthesised. */
std::string shape(const ast::Tree& tree, ast::ExprId id) {
  const ast::Expr& e = tree[id];
  switch (e.kind) {
    case ast::ExprKind::Integer:
      return std::to_string(e.value);
    case ast::ExprKind::Ident:
      return e.text;
    case ast::ExprKind::Binary:
      return "(" + shape(tree, e.a) + " " + std::to_string(int(e.op)) + " " + shape(tree, e.b) +
             ")";
    case ast::ExprKind::Assign:
      return "(" + shape(tree, e.a) + "=" + shape(tree, e.b) + ")";
    case ast::ExprKind::Conditional:
      return "(" + shape(tree, e.a) + "?" + shape(tree, e.b) + ":" + shape(tree, e.c) + ")";
    case ast::ExprKind::Comma:
      return "(" + shape(tree, e.a) + "," + shape(tree, e.b) + ")";
    default:
      return "?";
  }
}
std::string shape(const std::string& expression) {
  ast::Tree tree = parsed("BEGIN { " + expression + "; }");
  return shape(tree, tree[tree.clauses[0].body[0]].expr);
}
std::string in(const std::string& a, Op op, const std::string& b) {
  return "(" + a + " " + std::to_string(int(op)) + " " + b + ")";
}

}  // namespace

TEST_CASE("parser: operators bind as in C, ^^ between && and ||") {
  CHECK(shape("a + b * c") == in("a", Op::Add, in("b", Op::Multiply, "c")));
  CHECK(shape("a - b - c") == in(in("a", Op::Subtract, "b"), Op::Subtract, "c"));
  CHECK(shape("a || b ^^ c && d") == in("a", Op::Or, in("b", Op::Xor, in("c", Op::And, "d"))));
  CHECK(shape("a == b & c") == in(in("a", Op::Equal, "b"), Op::BitAnd, "c"));
  CHECK(shape("a << b < c") == in(in("a", Op::ShiftLeft, "b"), Op::Less, "c"));
  CHECK(shape("a = b = c") == "(a=(b=c))");
  CHECK(shape("a ? b : c ? d : e") == "(a?b:(c?d:e))");
  CHECK(shape("a, b = c, d") == "((a,(b=c)),d)");
}

TEST_CASE("parser: descriptions are read from the right, by the option that gave them") {
  auto desc = [](const std::string& text, SourceKind kind = SourceKind::Clause) {
    ProbeDesc d = parsed(text, kind).clauses.at(0).descs.at(0);
    return d.target + "/" + d.provider + "/" + d.module + "/" + d.function + "/" + d.name;
  };
  CHECK(desc("BEGIN") == "////BEGIN");
  CHECK(desc("syscall::open*:entry") == "/syscall//open*/entry");
  CHECK(desc("web*:syscall:::entry") == "web*/syscall///entry");
  CHECK(desc("syscall", SourceKind::Provider) == "/syscall///");
  CHECK(desc("syscall:vmlinux", SourceKind::Module) == "/syscall/vmlinux//");
  CHECK(desc("open", SourceKind::Function) == "///open/");
  CHECK(parsed("17", SourceKind::ProbeId).clauses[0].descs[0].id == 17);
  CHECK(error_of("a:b:c:d:e:f") == Tag::D_PDESC_INVAL);
  CHECK(error_of("a:b:c", SourceKind::Provider) == Tag::D_PDESC_INVAL);
  CHECK(error_of("open", SourceKind::ProbeId) == Tag::D_PDESC_INVAL);
}

TEST_CASE("parser: a clause without a body is allowed as an argument, not in a script") {
  CHECK(parsed("BEGIN").clauses.at(0).has_body == false);
  CHECK(error_of("BEGIN /1/") == Tag::D_SYNTAX);
  CHECK(parsed("BEGIN /1/ {}").clauses.at(0).predicate.valid());
  CHECK(parsed("BEGIN {}", SourceKind::Script).clauses.at(0).has_body);
  CHECK(error_of("BEGIN", SourceKind::Script) == Tag::D_SYNTAX);
  CHECK(error_of("BEGIN END {}") == Tag::D_SYNTAX);
}

TEST_CASE("parser: comma lists, predicates, several clauses, stray semicolons") {
  ast::Tree tree = parsed("a,\n b /* c */ , d /x/ { } ; BEGIN { ; ; trace(1) }");
  REQUIRE(tree.clauses.size() == 2);
  CHECK(tree.clauses[0].descs.size() == 3);
  CHECK(tree.clauses[0].predicate.valid());
  CHECK(tree.clauses[1].body.size() == 3);
}

TEST_CASE("parser: declarators nest as in C") {
  ast::Tree tree = parsed("int *(*x[3])(char);");
  const ast::Declaration& decl = tree.declarations.at(0);
  CHECK(decl.name == "x");
  const ast::Type* type = &tree[decl.type];
  REQUIRE(type->kind == ast::TypeKind::Array);
  type = &tree[type->target];
  REQUIRE(type->kind == ast::TypeKind::Pointer);
  type = &tree[type->target];
  REQUIRE(type->kind == ast::TypeKind::Function);
  CHECK(type->parameters.size() == 1);
  CHECK(tree[type->target].kind == ast::TypeKind::Pointer);
}

TEST_CASE("parser: a word with a colon is a description though it begins like a type") {
  CHECK(parsed("int*:::x {}").clauses.size() == 1);
  CHECK(parsed("int*x;").declarations.size() == 1);
  CHECK(parsed("typedef int pid; pid p; BEGIN {}").declarations.size() == 2);
}

TEST_CASE("parser: nesting is bounded") {
  CHECK(error_of("BEGIN { x = " + std::string(5000, '(') + "1") == Tag::D_SYNTAX);
  CHECK(error_of("BEGIN { x = " + std::string(5000, '-') + "1") == Tag::D_SYNTAX);
  std::string sum = "BEGIN { x = 1";
  for (int i = 0; i < 5000; ++i) sum += "+1";
  CHECK(error_of(sum + "; }") == Tag::D_SYNTAX);
  std::string nested = "BEGIN { ";
  for (int i = 0; i < 5000; ++i) nested += "if (1) ";
  CHECK(error_of(nested + "; }") == Tag::D_SYNTAX);
  CHECK(error_of("int " + std::string(5000, '*') + "x;") != Tag::None);
}
