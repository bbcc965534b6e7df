/* Operators that give values. */
#include <algorithm>

#include "probec/checker.hpp"
#include "transport/result.hpp"

namespace hp::probec {

const char* spelling_of(Op op) {
  switch (op) {
    case Op::Add:
      return "+";
    case Op::Subtract:
      return "-";
    case Op::Multiply:
      return "*";
    case Op::Divide:
      return "/";
    case Op::Remainder:
      return "%";
    case Op::ShiftLeft:
      return "<<";
    case Op::ShiftRight:
      return ">>";
    case Op::BitAnd:
      return "&";
    case Op::BitOr:
      return "|";
    case Op::BitXor:
      return "^";
    case Op::Equal:
      return "==";
    case Op::NotEqual:
      return "!=";
    case Op::Less:
      return "<";
    case Op::LessEqual:
      return "<=";
    case Op::Greater:
      return ">";
    case Op::GreaterEqual:
      return ">=";
    case Op::And:
      return "&&";
    case Op::Or:
      return "||";
    case Op::Xor:
      return "^^";
    case Op::Negate:
      return "-";
    case Op::BitNot:
      return "~";
    case Op::LogicalNot:
      return "!";
    case Op::None:
      return "=";
  }
  return "";
}

ExprId Checker::expression(ast::ExprId id) {
  const ast::Expr& expr = tree_[id];
  switch (expr.kind) {
    case ast::ExprKind::Integer: {
      const ast::IntegerForm& form = expr.integer;
      bool wide = form.longs > 0;
      uint64_t v = expr.value;
      TypeTable& types = out_.types;
      if (form.character) return integer(v, types.int_type, expr.loc);
      bool may_be_unsigned = form.is_unsigned || !form.decimal;
      TypeId of;
      if (!wide && !form.is_unsigned && v <= INT32_MAX)
        of = types.int_type;
      else if (!wide && may_be_unsigned && v <= UINT32_MAX)
        of = types.uint_type;
      else if (!form.is_unsigned && v <= INT64_MAX)
        of = form.longs == 2 ? types.longlong_type : types.long_type;
      else
        of = form.longs == 2 ? types.ulonglong_type : types.ulong_type;
      return integer(v, of, expr.loc);
    }
    case ast::ExprKind::String: {
      std::string text = expr.text;
      uint64_t most = options_.number(Option::strsize) - 1;
      if (text.size() > most) text.resize(most);
      Expr literal;
      literal.kind = ExprKind::String;
      literal.type = out_.types.string_type;
      literal.loc = expr.loc;
      literal.string = string(std::move(text));
      return add(literal);
    }
    case ast::ExprKind::Ident:
      return identifier(expr);
    case ast::ExprKind::Aggregation: {
      /* Typed void: every operator refuses it in its own words. */
      Expr made;
      made.kind = ExprKind::Call;
      made.loc = expr.loc;
      made.type = out_.types.void_type;
      return add(made);
    }
    case ast::ExprKind::Unary:
      return unary(expr);
    case ast::ExprKind::Sizeof:
      return sizeof_value(expr);
    case ast::ExprKind::Offsetof:
      return offsetof_value(expr);
    case ast::ExprKind::Stringof:
      return string_of(value(expr.a), expr.loc);
    case ast::ExprKind::Cast: {
      TypeId to = type_of(expr.type);
      ExprId a = expression(expr.a);
      if (!castable(a, to))
        raise(
            Tag::D_CAST_INVAL, expr.loc,
            "invalid cast expression: \"" + type_name(a) + "\" to \"" + out_.types.name(to) + "\"");
      forbid_action(a, expr.loc, {});
      const Type& want = out_.types[to];
      const Type& have = type(a);
      /* A cast between pointers stays in the address space that the value points into. */
      if (want.is_pointer() && want.space == Space::Kernel) {
        Space space = have.is_pointer()              ? have.space
                      : have.kind == TypeKind::Array ? space_of(a)
                      : have.is_string()             ? Space::Host
                      : made_from_own_pointer(a)     ? Space::Host
                                                     : Space::Kernel;
        if (space != Space::Kernel) to = out_.types.pointer_to(want.target, space);
      }
      ExprId result = convert(a, to);
      if (is_place(result) && result == a) {
        /* (int)x is a value, not the place x. */
        if (want.is_scalar())
          return convert_node(a, to, want.is_pointer() ? Conversion::Pointer : Conversion::Integer);
      }
      return result;
    }
    case ast::ExprKind::Xlate: {
      (void)translate(expr, value(expr.a));
      raise(Tag::D_CG_DYN, expr.loc, "expression cannot evaluate to result of dynamic type",
            "use a member of it, or assign it to a variable of that structure");
    }
    case ast::ExprKind::PreIncrement:
    case ast::ExprKind::PreDecrement:
    case ast::ExprKind::PostIncrement:
    case ast::ExprKind::PostDecrement:
      return increment(expr);
    case ast::ExprKind::Binary:
      return binary(expr);
    case ast::ExprKind::Assign:
      return assign(expr);
    case ast::ExprKind::Conditional:
      return conditional(expr);
    case ast::ExprKind::Comma: {
      Expr comma;
      comma.kind = ExprKind::Comma;
      comma.loc = expr.loc;
      comma.a = expression(expr.a);
      comma.b = expression(expr.b);
      forbid_action(comma.a, expr.loc, "operator , operands");
      forbid_action(comma.b, expr.loc, "operator , operands");
      comma.type = out_[comma.b].type;
      return add(comma);
    }
    case ast::ExprKind::Call:
      return call(expr);
    case ast::ExprKind::Index:
      return index(expr);
    case ast::ExprKind::Member:
      return member(expr);
  }
  HP_CHECK(false);
}

ExprId Checker::value(ast::ExprId id) {
  ExprId made = expression(id);
  if (type(made).kind == TypeKind::Function)
    raise(Tag::D_OP_ARRFUN, tree_[id].loc, "a function may not be used as a value");
  return made;
}

bool Checker::acts(ExprId a) const {
  const Expr& expr = out_[a];
  return expr.kind == ExprKind::Call &&
         (expr.function == Function::None || is_action(expr.function));
}

/* where: "operator , operands" and the like; empty: a statement or a cast. */
void Checker::forbid_action(ExprId a, Location loc, const std::string& where) {
  if (!acts(a)) return;
  Function function = out_[a].function;
  if (function == Function::None)
    raise(Tag::D_OP_DYN, loc,
          where.empty() ? "expression cannot be of dynamic type"
                        : where + " cannot be of dynamic type",
          "an aggregation is read with printa()");
  if (where == "operator ?: operands")
    raise(Tag::D_OP_ACT, loc, "action cannot be used in a conditional context",
          "if (...) { ... } may choose actions");
  if (!where.empty()) raise(Tag::D_OP_ACT, loc, where + " cannot be actions");
  raise(Tag::D_CG_EXPR, loc,
        std::string("tracing function ") + name_of(function) +
            "( ) may not be called from a D expression (D program context required)");
}

ExprId Checker::condition(ExprId a, Location loc, Tag tag, const char* what) {
  if (!type(a).is_scalar()) raise(tag, loc, what);
  return a;
}

ExprId Checker::unary(const ast::Expr& expr) {
  if (expr.unary == ast::UnaryOp::AddressOf) {
    const ast::Expr& of = tree_[expr.a];
    if (of.kind == ast::ExprKind::Index && of.args.size() == 1)
      return address_of_element(of, expr.loc);
    ExprId a = expression(expr.a);
    if (acts(a)) raise(Tag::D_ADDROF_VAR, expr.loc, "cannot take address of dynamic variable");
    return address_of(a, expr.loc);
  }
  ExprId a = value(expr.a);
  Expr made;
  made.kind = ExprKind::Unary;
  made.loc = expr.loc;
  switch (expr.unary) {
    case ast::UnaryOp::Dereference:
      return dereference(a, expr.loc);
    case ast::UnaryOp::LogicalNot: {
      a = condition(a, expr.loc, Tag::D_OP_SCALAR, "operator ! requires an operand of scalar type");
      if (is_constant(a)) return integer(out_[a].value == 0, out_.types.int_type, expr.loc);
      made.op = Op::LogicalNot;
      made.type = out_.types.int_type;
      made.a = a;
      return add(made);
    }
    case ast::UnaryOp::BitNot:
      if (!type(a).is_integer())
        raise(Tag::D_OP_INT, expr.loc, "operator ~ requires an operand of integral type");
      made.op = Op::BitNot;
      break;
    default:
      if (!type(a).is_integer())
        raise(Tag::D_OP_ARITH, expr.loc,
              std::string("operator ") + (expr.unary == ast::UnaryOp::Plus ? "+" : "-") +
                  " requires an operand of arithmetic type");
      made.op = expr.unary == ast::UnaryOp::Plus ? Op::None : Op::Negate;
  }
  a = promote(a);
  if (is_constant(a)) {
    uint64_t v = out_[a].value;
    v = made.op == Op::Negate ? 0 - v : made.op == Op::BitNot ? ~v : v;
    return integer(v, out_[a].type, expr.loc);
  }
  if (made.op == Op::None)
    return is_place(a) ? convert_node(a, out_[a].type, Conversion::Integer) : a;
  made.a = a;
  made.type = out_[a].type;
  return add(made);
}

ExprId Checker::additive(Op op, ExprId a, ExprId b, Location loc) {
  a = decay(a);
  b = decay(b);
  if (type(a).is_string() && type(b).is_integer()) a = convert(a, out_.types.host_char_pointer);
  if (type(b).is_string() && type(a).is_integer() && op == Op::Add)
    b = convert(b, out_.types.host_char_pointer);
  bool pa = type(a).is_pointer(), pb = type(b).is_pointer();
  if (type(a).is_integer() && type(b).is_integer()) return arithmetic(op, a, b, loc);
  auto step = [&](ExprId pointer) -> uint64_t {
    const Type& target = out_.types[type(pointer).target];
    if (target.kind == TypeKind::Void || target.kind == TypeKind::Function)
      raise(Tag::D_OP_INCOMPAT, loc,
            "operands have incompatible types: \"" + type_name(a) + "\" " + spelling_of(op) +
                " \"" + type_name(b) + "\"",
            "cast the void pointer to char * first");
    if (!target.complete)
      raise(Tag::D_OP_INCOMPLETE, loc,
            std::string("operator ") + spelling_of(op) +
                " cannot be applied to a pointer to an incomplete type: " + target.name);
    return target.is_string() ? options_.number(Option::strsize) : target.size;
  };
  Expr expr;
  expr.loc = loc;
  if (pa && pb) {
    if (op == Op::Add || !compatible_pointers(a, b))
      raise(Tag::D_OP_INCOMPAT, loc,
            "operands have incompatible types: \"" + type_name(a) + "\" " + spelling_of(op) +
                " \"" + type_name(b) + "\"");
    expr.kind = ExprKind::PointerDiff;
    expr.value = std::max<uint64_t>(step(a), 1);
    expr.type = out_.types.long_type;
    expr.a = a;
    expr.b = b;
    return add(expr);
  }
  if (pb) {
    if (op == Op::Subtract)
      raise(
          Tag::D_OP_INCOMPAT, loc,
          "operands have incompatible types: \"" + type_name(a) + "\" - \"" + type_name(b) + "\"");
    std::swap(a, b);
  }
  if ((!pa && !pb) || !type(b).is_integer())
    raise(Tag::D_OP_INCOMPAT, loc,
          "operands have incompatible types: \"" + type_name(a) + "\" " + spelling_of(op) + " \"" +
              type_name(b) + "\"");
  uint64_t bytes = step(a);
  expr.kind = ExprKind::PointerAdd;
  expr.value = op == Op::Add ? bytes : 0 - bytes;
  expr.type = out_[a].type;
  expr.a = a;
  expr.b = convert(b, out_.types.int64_type);
  return add(expr);
}

ExprId Checker::arithmetic(Op op, ExprId a, ExprId b, Location loc) {
  bool bitwise = op == Op::BitAnd || op == Op::BitOr || op == Op::BitXor || op == Op::Remainder ||
                 op == Op::ShiftLeft || op == Op::ShiftRight;
  if (!type(a).is_integer() || !type(b).is_integer())
    raise(bitwise ? Tag::D_OP_INT : Tag::D_OP_ARITH, loc,
          std::string("operator ") + spelling_of(op) + " requires operands of " +
              (bitwise ? "integral" : "arithmetic") + " type");
  a = promote(a);
  b = promote(b);
  Expr expr;
  expr.kind = ExprKind::Binary;
  expr.op = op;
  expr.loc = loc;
  if (op == Op::ShiftLeft || op == Op::ShiftRight) {
    expr.type = out_[a].type;
  } else {
    expr.type = common_type(out_[a].type, out_[b].type);
    a = convert(a, expr.type);
    b = convert(b, expr.type);
  }
  uint64_t folded = 0;
  if (fold(op, a, b, expr.type, loc, folded)) return integer(folded, expr.type, loc);
  if ((op == Op::Divide || op == Op::Remainder) && is_constant(b) && out_[b].value == 0)
    raise(Tag::D_DIV_ZERO, loc, "expression contains division by zero");
  expr.a = a;
  expr.b = b;
  return add(expr);
}

ExprId Checker::comparison(Op op, ExprId a, ExprId b, Location loc) {
  Expr expr;
  expr.kind = ExprKind::Binary;
  expr.op = op;
  expr.loc = loc;
  expr.type = out_.types.int_type;
  auto null = [&](ExprId e) { return is_constant(e) && out_[e].value == 0; };
  bool strings = string_like(out_[a].type) && string_like(out_[b].type) &&
                 (type(a).is_string() || type(b).is_string() || type(a).kind == TypeKind::Array ||
                  type(b).kind == TypeKind::Array);
  if (strings) {
    expr.a = convert(a, out_.types.string_type);
    expr.b = convert(b, out_.types.string_type);
    return add(expr);
  }
  if ((type(a).is_string() && null(b)) || (type(b).is_string() && null(a))) {
    /* A string is NULL if it was never assigned. */
    TypeId pointer = out_.types.host_char_pointer;
    expr.a = convert(a, pointer);
    expr.b = convert(b, pointer);
    return add(expr);
  }
  if (type(a).is_integer() && type(b).is_integer()) {
    a = promote(a);
    b = promote(b);
    TypeId common = common_type(out_[a].type, out_[b].type);
    a = convert(a, common);
    b = convert(b, common);
    uint64_t folded = 0;
    if (fold(op, a, b, expr.type, loc, folded)) return integer(folded, expr.type, loc);
    expr.a = a;
    expr.b = b;
    return add(expr);
  }
  a = decay(a);
  b = decay(b);
  if (!compatible_pointers(a, b))
    raise(Tag::D_OP_INCOMPAT, loc,
          "operands have incompatible types: \"" + type_name(a) + "\" " + spelling_of(op) + " \"" +
              type_name(b) + "\"");
  TypeId pointer = type(a).is_pointer() ? out_[a].type : out_[b].type;
  expr.a = convert(a, pointer);
  expr.b = convert(b, pointer);
  return add(expr);
}

ExprId Checker::logical(Op op, ExprId a, ExprId b, Location loc) {
  std::string what =
      std::string("operator ") + spelling_of(op) + " requires operands of scalar type";
  Expr expr;
  expr.kind = ExprKind::Logical;
  expr.op = op;
  expr.loc = loc;
  expr.type = out_.types.int_type;
  expr.a = condition(a, loc, Tag::D_OP_SCALAR, what.c_str());
  expr.b = condition(b, loc, Tag::D_OP_SCALAR, what.c_str());
  uint64_t folded = 0;
  if (fold(op, expr.a, expr.b, expr.type, loc, folded)) return integer(folded, expr.type, loc);
  return add(expr);
}

ExprId Checker::binary(const ast::Expr& expr) {
  ExprId a = value(expr.a);
  ExprId b = value(expr.b);
  switch (expr.op) {
    case Op::Add:
    case Op::Subtract:
      return additive(expr.op, a, b, expr.loc);
    case Op::Equal:
    case Op::NotEqual:
    case Op::Less:
    case Op::LessEqual:
    case Op::Greater:
    case Op::GreaterEqual:
      return comparison(expr.op, a, b, expr.loc);
    case Op::And:
    case Op::Or:
    case Op::Xor:
      return logical(expr.op, a, b, expr.loc);
    default:
      return arithmetic(expr.op, a, b, expr.loc);
  }
}

ExprId Checker::conditional(const ast::Expr& expr) {
  Expr made;
  made.kind = ExprKind::Conditional;
  made.loc = expr.loc;
  made.a = condition(value(expr.a), expr.loc, Tag::D_OP_SCALAR,
                     "operator ?: expression must be of scalar type");
  ExprId b = decay(expression(expr.b));
  ExprId c = decay(expression(expr.c));
  forbid_action(b, expr.loc, "operator ?: operands");
  forbid_action(c, expr.loc, "operator ?: operands");
  const Type& x = type(b);
  const Type& y = type(c);
  auto null = [&](ExprId e) { return is_constant(e) && out_[e].value == 0; };
  if (x.is_integer() && y.is_integer()) {
    made.type = common_type(out_[promote(b)].type, out_[promote(c)].type);
  } else if (string_like(out_[b].type) && string_like(out_[c].type) &&
             (x.is_string() || y.is_string())) {
    made.type = out_.types.string_type;
  } else if ((x.is_string() && null(c)) || (y.is_string() && null(b))) {
    /* D has no null string literal: 0 beside a string is the empty one. */
    ExprId& zero = x.is_string() ? c : b;
    Expr empty;
    empty.kind = ExprKind::String;
    empty.type = out_.types.string_type;
    empty.loc = expr.loc;
    empty.string = string("");
    zero = add(empty);
    made.type = out_.types.string_type;
  } else if (compatible_pointers(b, c)) {
    made.type = x.is_pointer() ? out_[b].type : out_[c].type;
    if (x.is_pointer() && y.is_pointer() && !null(b) && !null(c) &&
        (x.space == Space::Host) != (y.space == Space::Host))
      raise(Tag::D_ALLOCA_INCOMPAT, expr.loc,
            "operator ?: operands are pointers into different memory: alloca( ) or copyin( ) and "
            "the guest's");
  } else if (out_.types.same(out_[b].type, out_[c].type)) {
    made.type = out_[b].type;
  } else {
    raise(Tag::D_OP_INCOMPAT, expr.loc, "operator ?: operands must have compatible types");
  }
  made.b = convert(b, made.type);
  made.c = convert(c, made.type);
  return add(made);
}

}  // namespace hp::probec
