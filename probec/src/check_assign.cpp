/* Assignment and increment. */
#include <algorithm>

#include "probec/checker.hpp"
#include "transport/result.hpp"

namespace hp::probec {

ExprId Checker::increment(const ast::Expr& expr) {
  bool up = expr.kind == ast::ExprKind::PreIncrement || expr.kind == ast::ExprKind::PostIncrement;
  const char* op = up ? "++" : "--";
  ExprId place = is_unknown_variable(expr.a) ? create_for_assignment(expr.a, out_.types.int64_type)
                                             : value(expr.a);
  if (!is_place(place)) {
    if (out_[place].kind == ExprKind::BuiltinVar)
      raise(Tag::D_OP_WRITE, expr.loc,
            std::string("operator ") + op + " can only be applied to a writable variable");
    raise(Tag::D_OP_LVAL, expr.loc,
          std::string("operator ") + op + " requires modifiable lvalue as an operand");
  }
  if (!type(place).is_scalar())
    raise(Tag::D_OP_SCALAR, expr.loc,
          std::string("operator ") + op + " requires operand of scalar type");
  if (space_of(place) != Space::Host)
    raise(Tag::D_OP_WRITE, expr.loc,
          std::string("operator ") + op + " can only be applied to a writable variable",
          "memory of the guest is written with copyout()");
  Expr made;
  made.kind = ExprKind::Increment;
  made.loc = expr.loc;
  made.a = place;
  made.op = up ? Op::Add : Op::Subtract;
  made.post =
      expr.kind == ast::ExprKind::PostIncrement || expr.kind == ast::ExprKind::PostDecrement;
  made.type = out_[place].type;
  made.value = 1;
  if (type(place).is_pointer()) {
    const Type& target = out_.types[type(place).target];
    if (!target.complete && target.kind != TypeKind::Void)
      raise(Tag::D_OP_INCOMPLETE, expr.loc, "pointer to an incomplete type: " + target.name);
    made.value = std::max<uint64_t>(target.size, 1);
  }
  return add(made);
}

ExprId Checker::assign(const ast::Expr& expr) {
  if (std::optional<Translated> from =
          expr.op == Op::None ? translated_value(expr.b) : std::nullopt) {
    if (is_unknown_variable(expr.a) && !from->pointer)
      return assign_translated(create_for_assignment(expr.a, from->type), *from, expr.loc);
    ExprId place = is_unknown_variable(expr.a) ? ExprId() : expression(expr.a);
    if (!place.valid() || (is_place(place) && space_of(place) == Space::Host))
      return assign_translated(place, *from, expr.loc);
  }
  ExprId b = expression(expr.b);
  const char* op = expr.op == Op::None ? "=" : spelling_of(expr.op);
  std::string shown = expr.op == Op::None ? "=" : std::string(op) + "=";
  const ast::Expr& left = tree_[expr.a];
  if (left.kind == ast::ExprKind::Aggregation)
    raise(Tag::D_AGG_FUNC, expr.loc,
          "@" + left.text +
              " must be assigned the result of an aggregating function, in a statement of its own");
  bool fresh = is_unknown_variable(expr.a);
  ExprId place;
  if (fresh) {
    place = create_for_assignment(expr.a, out_[b].type);
  } else {
    place = expression(expr.a);
  }
  if (!is_place(place)) {
    if (out_[place].kind == ExprKind::BuiltinVar ||
        (out_[place].kind == ExprKind::Convert && left.kind == ast::ExprKind::Index))
      raise(Tag::D_OP_WRITE, expr.loc,
            "operator " + shown + " can only be applied to a writable variable");
    raise(Tag::D_OP_LVAL, expr.loc,
          "operator " + shown + " requires modifiable lvalue as an operand");
  }
  if (space_of(place) != Space::Host)
    raise(Tag::D_OP_WRITE, expr.loc,
          "operator " + shown + " can only be applied to a writable variable",
          "memory of the guest is written with copyout()");
  Expr made;
  made.loc = expr.loc;
  if (expr.op == Op::None) {
    TypeId want = out_[place].type;
    /* A declared pointer learns from its first assignment what memory it points into. */
    if (out_[place].kind == ExprKind::Variable && type(place).is_pointer()) {
      VariableId id = out_[place].variable;
      const Type& have = type(b);
      bool pointer = have.is_pointer() || have.kind == TypeKind::Array || have.is_string();
      if (pointer && !is_constant(b) && assignable(b, want)) {
        Space space = have.is_pointer() ? have.space : have.is_string() ? Space::Host : space_of(b);
        if (!pinned_[id.value]) {
          want = out_.types.pointer_to(type(place).target, space);
          out_.variables[id.value].type = want;
          out_.exprs[place.value].type = want;
          pinned_[id.value] = true;
        } else if ((space == Space::Host) != (type(place).space == Space::Host)) {
          raise(Tag::D_ALLOCA_INCOMPAT, expr.loc,
                out_[id].name + " points into " +
                    (space == Space::Host ? "the guest" : "alloca( ) or copyin( ) memory") +
                    " elsewhere: a variable may not hold both kinds of pointers");
        }
      }
    }
    if (type(place).is_sou() && is_constant(b) && type(b).is_integer() && out_[b].value == 0) {
      /* frees a dynamic variable, clears any other */
      made.kind = ExprKind::Assign;
      made.type = want;
      made.a = place;
      made.b = b;
      return add(made);
    }
    if (type(place).kind == TypeKind::Array)
      raise(Tag::D_OP_ARRFUN, expr.loc,
            "operator = may not be applied to operand of type \"" + type_name(place) + "\"");
    if (!assignable(b, want))
      raise(Tag::D_OP_INCOMPAT, expr.loc,
            "operands have incompatible types: \"" + out_.types.name(want) + "\" = \"" +
                type_name(b) + "\"");

    made.kind = ExprKind::Assign;
    made.type = want;
    made.a = place;
    made.b = convert(b, want);
    return add(made);
  }
  made.kind = ExprKind::AssignOp;
  made.op = expr.op;
  made.type = out_[place].type;
  made.a = place;
  if (type(place).is_pointer() && (expr.op == Op::Add || expr.op == Op::Subtract)) {
    if (!type(b).is_integer())
      raise(Tag::D_OP_INCOMPAT, expr.loc,
            "operands have incompatible types: \"" + type_name(place) + "\" " + shown + " \"" +
                type_name(b) + "\"");
    const Type& target = out_.types[type(place).target];
    if (!target.complete && target.kind != TypeKind::Void)
      raise(Tag::D_OP_INCOMPLETE, expr.loc, "pointer to an incomplete type: " + target.name);
    made.operation_type = made.type;
    TypeId wide = out_.types.int64_type;
    uint64_t bytes = std::max<uint64_t>(target.size, 1);
    ExprId step = target.from_kernel && !target.kernel_name.empty() && target.size != 0
                      ? kernel_size(type(place).target, {}, bytes, wide, expr.loc)
                      : integer(bytes, wide, expr.loc);
    made.b = arithmetic(Op::Multiply, convert(b, wide), step, expr.loc);
    return add(made);
  }
  if ((expr.op == Op::Add || expr.op == Op::Subtract) && type(b).is_pointer() &&
      (out_.types[type(b).target].kind == TypeKind::Void ||
       out_.types[type(b).target].kind == TypeKind::Function))
    raise(Tag::D_OP_VFPTR, expr.loc,
          "operator " + shown + " requires left-hand scalar operand of known size");
  if (expr.op == Op::Add || expr.op == Op::Subtract) {
    if (type(place).is_string() || type(b).is_string())
      raise(Tag::D_OP_INCOMPAT, expr.loc,
            "operands have incompatible types: \"" + type_name(place) + "\" " + shown + " \"" +
                type_name(b) + "\"");
    if (!type(place).is_integer() || !type(b).is_integer())
      raise(Tag::D_OP_VFPTR, expr.loc,
            "operator " + shown + " requires left-hand scalar operand of known size");
  }
  bool integral = expr.op != Op::Add && expr.op != Op::Subtract && expr.op != Op::Multiply &&
                  expr.op != Op::Divide;
  if (!type(place).is_integer() || !type(b).is_integer())
    raise(integral ? Tag::D_OP_INT : Tag::D_OP_ARITH, expr.loc,
          "operator " + shown + " requires operands of " + (integral ? "integral" : "arithmetic") +
              " type");
  if ((expr.op == Op::Divide || expr.op == Op::Remainder) && is_constant(b) && out_[b].value == 0)
    raise(Tag::D_DIV_ZERO, expr.loc, "expression contains division by zero");
  bool shift = expr.op == Op::ShiftLeft || expr.op == Op::ShiftRight;
  TypeId left_promoted = promoted_type(place);
  b = promote(b);
  made.operation_type = shift ? left_promoted : common_type(left_promoted, out_[b].type);
  made.b = shift ? b : convert(b, made.operation_type);
  return add(made);
}

}  // namespace hp::probec
