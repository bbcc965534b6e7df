#include "probec/parser.hpp"

namespace hp::probec {

namespace {

struct BinaryOp {
  int level; /* 0 binds loosest */
  Op op;
  ast::ExprKind kind = ast::ExprKind::Binary;
};

constexpr int kLevels = 11;

/* ^^ lies between && and ||. */
BinaryOp binary_op(TokenKind kind) {
  switch (kind) {
    case TokenKind::LogicalOr:
      return {0, Op::Or};
    case TokenKind::LogicalXor:
      return {1, Op::Xor};
    case TokenKind::LogicalAnd:
      return {2, Op::And};
    case TokenKind::Or:
      return {3, Op::BitOr};
    case TokenKind::Xor:
      return {4, Op::BitXor};
    case TokenKind::And:
      return {5, Op::BitAnd};
    case TokenKind::Equal:
      return {6, Op::Equal};
    case TokenKind::NotEqual:
      return {6, Op::NotEqual};
    case TokenKind::Less:
      return {7, Op::Less};
    case TokenKind::LessEqual:
      return {7, Op::LessEqual};
    case TokenKind::Greater:
      return {7, Op::Greater};
    case TokenKind::GreaterEqual:
      return {7, Op::GreaterEqual};
    case TokenKind::ShiftLeft:
      return {8, Op::ShiftLeft};
    case TokenKind::ShiftRight:
      return {8, Op::ShiftRight};
    case TokenKind::Add:
      return {9, Op::Add};
    case TokenKind::Subtract:
      return {9, Op::Subtract};
    case TokenKind::Multiply:
      return {10, Op::Multiply};
    case TokenKind::Divide:
      return {10, Op::Divide};
    case TokenKind::Remainder:
      return {10, Op::Remainder};
    default:
      return {-1, Op::None};
  }
}

bool assignment_op(TokenKind kind, Op& op) {
  switch (kind) {
    case TokenKind::Assign:
      op = Op::None;
      return true;
    case TokenKind::AddAssign:
      op = Op::Add;
      return true;
    case TokenKind::SubtractAssign:
      op = Op::Subtract;
      return true;
    case TokenKind::MultiplyAssign:
      op = Op::Multiply;
      return true;
    case TokenKind::DivideAssign:
      op = Op::Divide;
      return true;
    case TokenKind::RemainderAssign:
      op = Op::Remainder;
      return true;
    case TokenKind::AndAssign:
      op = Op::BitAnd;
      return true;
    case TokenKind::XorAssign:
      op = Op::BitXor;
      return true;
    case TokenKind::OrAssign:
      op = Op::BitOr;
      return true;
    case TokenKind::ShiftLeftAssign:
      op = Op::ShiftLeft;
      return true;
    case TokenKind::ShiftRightAssign:
      op = Op::ShiftRight;
      return true;
    default:
      return false;
  }
}

ast::Expr node(ast::ExprKind kind, Location loc) {
  ast::Expr expr;
  expr.kind = kind;
  expr.loc = loc;
  return expr;
}

}  // namespace

ast::ExprId Parser::add(ast::Expr expr) {
  unsigned depth = 0;
  auto below = [&](ast::ExprId id) {
    if (id.valid() && tree_[id].depth > depth) depth = tree_[id].depth;
  };
  below(expr.a);
  below(expr.b);
  below(expr.c);
  for (ast::ExprId arg : expr.args) below(arg);
  if (depth >= kMaxDepth) raise(Tag::D_SYNTAX, expr.loc, "expression is nested too deeply");
  expr.depth = static_cast<uint16_t>(depth + 1);
  expr.loc.shown = reading_line();
  tree_.exprs.push_back(std::move(expr));
  return ast::ExprId(tree_.exprs.size() - 1);
}

ast::ExprId Parser::expression() {
  ast::ExprId left = assignment();
  while (peek().kind == TokenKind::Comma) {
    ast::Expr expr = node(ast::ExprKind::Comma, take().loc);
    expr.a = left;
    expr.b = assignment();
    left = add(std::move(expr));
  }
  return left;
}

ast::ExprId Parser::assignment() {
  Nested nested(*this);
  ast::ExprId left = conditional();
  Op op;
  if (!assignment_op(peek().kind, op)) return left;
  ast::Expr expr = node(ast::ExprKind::Assign, take().loc);
  expr.op = op;
  expr.a = left;
  expr.b = assignment();
  forbid_zero(op, expr.b, expr.loc);
  return add(std::move(expr));
}

/* Known while the text is read, whatever is divided. */
void Parser::forbid_zero(Op op, ast::ExprId divisor, Location loc) {
  const ast::Expr& by = tree_[divisor];
  if ((op != Op::Divide && op != Op::Remainder) || by.kind != ast::ExprKind::Integer ||
      by.value != 0)
    return;
  loc.shown = reading_line();
  raise(Tag::D_DIV_ZERO, loc, "expression contains division by zero");
}

ast::ExprId Parser::conditional() {
  Nested nested(*this);
  ast::ExprId condition = binary(0);
  if (peek().kind != TokenKind::Question) return condition;
  ast::Expr expr = node(ast::ExprKind::Conditional, take().loc);
  expr.a = condition;
  expr.b = expression();
  expect(TokenKind::Colon);
  expr.c = conditional();
  return add(std::move(expr));
}

ast::ExprId Parser::binary(int level) {
  if (level == kLevels) return unary();
  ast::ExprId left = binary(level + 1);
  for (;;) {
    BinaryOp op = binary_op(peek().kind);
    if (op.level != level) return left;
    ast::Expr expr = node(ast::ExprKind::Binary, take().loc);
    expr.op = op.op;
    expr.a = left;
    expr.b = binary(level + 1);
    forbid_zero(op.op, expr.b, expr.loc);
    left = add(std::move(expr));
  }
}

ast::ExprId Parser::unary() {
  Nested nested(*this);
  Location loc = peek().loc;
  auto prefix = [&](ast::ExprKind kind, ast::UnaryOp op) {
    take();
    ast::Expr expr = node(kind, loc);
    expr.unary = op;
    expr.a = unary();
    return add(std::move(expr));
  };
  switch (peek().kind) {
    case TokenKind::Add:
      return prefix(ast::ExprKind::Unary, ast::UnaryOp::Plus);
    case TokenKind::Subtract:
      return prefix(ast::ExprKind::Unary, ast::UnaryOp::Minus);
    case TokenKind::BitNot:
      return prefix(ast::ExprKind::Unary, ast::UnaryOp::BitNot);
    case TokenKind::LogicalNot:
      return prefix(ast::ExprKind::Unary, ast::UnaryOp::LogicalNot);
    case TokenKind::And:
      return prefix(ast::ExprKind::Unary, ast::UnaryOp::AddressOf);
    case TokenKind::Multiply:
      return prefix(ast::ExprKind::Unary, ast::UnaryOp::Dereference);
    case TokenKind::Increment:
      return prefix(ast::ExprKind::PreIncrement, ast::UnaryOp::Plus);
    case TokenKind::Decrement:
      return prefix(ast::ExprKind::PreDecrement, ast::UnaryOp::Plus);
    case TokenKind::LeftParen:
      if (starts_type(peek(1)) || is_kernel_cast()) {
        take();
        ast::Expr expr = node(ast::ExprKind::Cast, loc);
        expr.type = type_name();
        expect(TokenKind::RightParen);
        expr.a = unary();
        return add(std::move(expr));
      }
      return postfix();
    case TokenKind::Ident:
      if (is_word("sizeof")) {
        take();
        ast::Expr expr = node(ast::ExprKind::Sizeof, loc);
        if (peek().kind == TokenKind::LeftParen && (starts_type(peek(1)) || is_kernel_type(1))) {
          take();
          expr.type = type_name();
          expect(TokenKind::RightParen);
        } else {
          expr.a = unary();
        }
        return add(std::move(expr));
      }
      if (is_word("stringof")) return prefix(ast::ExprKind::Stringof, ast::UnaryOp::Plus);
      return postfix();
    default:
      return postfix();
  }
}

/* "(word) operand" and "(word *)" are nothing but casts: ask whether the kernel has such a type. */
bool Parser::is_kernel_cast() {
  if (!kernel_ || peek(1).kind != TokenKind::Ident) return false;
  TokenKind second = peek(2).kind, third = peek(3).kind;
  bool pointer = second == TokenKind::Multiply &&
                 (third == TokenKind::RightParen || third == TokenKind::Multiply);
  bool operand = second == TokenKind::RightParen &&
                 (third == TokenKind::Ident || third == TokenKind::Integer ||
                  third == TokenKind::String || third == TokenKind::LeftParen ||
                  third == TokenKind::BitNot || third == TokenKind::LogicalNot);
  return (pointer || operand) && is_kernel_type(1);
}

std::vector<ast::ExprId> Parser::arguments(TokenKind close) {
  std::vector<ast::ExprId> args;
  if (accept(close)) return args;
  do {
    args.push_back(assignment());
  } while (accept(TokenKind::Comma));
  expect(close);
  return args;
}

ast::ExprId Parser::postfix() {
  ast::ExprId left = primary();
  for (;;) {
    Location loc = peek().loc;
    switch (peek().kind) {
      case TokenKind::LeftBracket: {
        take();
        if (peek().kind == TokenKind::RightBracket) syntax_error(peek());
        std::vector<ast::ExprId> args = arguments(TokenKind::RightBracket);
        ast::Expr& of = tree_.exprs[left.value];
        if (of.kind == ast::ExprKind::Aggregation && !of.keyed) {
          of.keyed = true;
          for (ast::ExprId arg : args)
            of.depth = std::max<uint16_t>(of.depth, static_cast<uint16_t>(tree_[arg].depth + 1));
          of.args = std::move(args);
          break;
        }
        ast::Expr expr = node(ast::ExprKind::Index, loc);
        expr.a = left;
        expr.args = std::move(args);
        left = add(std::move(expr));
        break;
      }
      case TokenKind::LeftParen: {
        if (tree_[left].kind != ast::ExprKind::Ident || tree_[left].scope != ast::NameScope::Global)
          raise(Tag::D_FUNC_IDENT, loc, "function designator is not of function type");
        take();
        ast::Expr expr = node(ast::ExprKind::Call, tree_[left].loc);
        expr.text = tree_[left].text;
        expr.args = arguments(TokenKind::RightParen);
        Location called = expr.loc;
        called.shown = reading_line();
        on_call(expr.text, called);
        left = add(std::move(expr));
        break;
      }
      case TokenKind::Dot:
      case TokenKind::Arrow: {
        ast::Expr expr = node(ast::ExprKind::Member, loc);
        expr.arrow = take().kind == TokenKind::Arrow;
        expr.a = left;
        if (peek().kind != TokenKind::Ident) syntax_error(peek());
        expr.text = take().text;
        left = add(std::move(expr));
        break;
      }
      case TokenKind::Increment:
      case TokenKind::Decrement: {
        bool up = take().kind == TokenKind::Increment;
        ast::Expr expr =
            node(up ? ast::ExprKind::PostIncrement : ast::ExprKind::PostDecrement, loc);
        expr.a = left;
        left = add(std::move(expr));
        break;
      }
      default:
        return left;
    }
  }
}

ast::ExprId Parser::primary() {
  const Token& token = peek();
  ast::Expr expr = node(ast::ExprKind::Integer, token.loc);
  switch (token.kind) {
    case TokenKind::Integer: {
      Token integer = take();
      expr.value = integer.value;
      expr.integer = integer.form;
      ast::ExprId id = add(std::move(expr));
      if (!integer.negative) return id;
      ast::Expr minus = node(ast::ExprKind::Unary, integer.loc);
      minus.unary = ast::UnaryOp::Minus;
      minus.a = id;
      return add(std::move(minus));
    }
    case TokenKind::String: {
      expr.kind = ast::ExprKind::String;
      expr.text = take().text;
      /* Adjacent literals are one. */
      while (peek().kind == TokenKind::String) expr.text += take().text;
      ast::ExprId id = add(std::move(expr));
      tree_.exprs[id.value].loc.shown = last_line_;
      return id;
    }
    case TokenKind::Aggregation:
      expr.kind = ast::ExprKind::Aggregation;
      expr.text = take().text;
      return add(std::move(expr));
    case TokenKind::LeftParen: {
      take();
      ast::ExprId inner = expression();
      expect(TokenKind::RightParen);
      return inner;
    }
    case TokenKind::Ident:
      break;
    default:
      syntax_error(token);
  }
  expr.kind = ast::ExprKind::Ident;
  if (is_word("self") || is_word("this")) {
    expr.scope = take().text == "self" ? ast::NameScope::Self : ast::NameScope::This;
    expect(TokenKind::Arrow);
    expr.text = expect_name();
  } else if (is_word("offsetof")) {
    take();
    expr.kind = ast::ExprKind::Offsetof;
    expect(TokenKind::LeftParen);
    expr.type = type_name();
    expect(TokenKind::Comma);
    expr.text = expect_name();
    expect(TokenKind::RightParen);
  } else if (is_word("xlate")) {
    take();
    expr.kind = ast::ExprKind::Xlate;
    expect(TokenKind::Less);
    expr.type = type_name();
    expect(TokenKind::Greater);
    expect(TokenKind::LeftParen);
    expr.a = expression();
    expect(TokenKind::RightParen);
  } else {
    expr.text = expect_name();
    names_.insert(expr.text);
  }
  return add(std::move(expr));
}

}  // namespace hp::probec
