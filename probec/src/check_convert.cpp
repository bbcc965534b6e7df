/* Conversions: C's promotions and usual arithmetic conversions on LP64, D's strings, address spaces. */
#include <algorithm>

#include "probec/checker.hpp"

namespace hp::probec {

namespace {

/* value as an integer of this type, extended to 64 bits by its signedness. */
uint64_t fit(uint64_t value, const Type& type) {
  if (type.is_bool) return value != 0;
  if (type.size >= 8 || type.size == 0) return value;
  unsigned shift = 64 - 8 * static_cast<unsigned>(type.size);
  return type.is_signed ? static_cast<uint64_t>(static_cast<int64_t>(value << shift) >> shift)
                        : value << shift >> shift;
}

}  // namespace

ExprId Checker::add(Expr expr) {
  if (out_.exprs.size() > 1u << 18)
    raise(Tag::D_CG_EXPR, expr.loc, "program is too large: expressions expand without end");
  out_.exprs.push_back(expr);
  return ExprId(out_.exprs.size() - 1);
}

Range Checker::operands(const std::vector<ExprId>& list) {
  Range range{static_cast<uint32_t>(out_.operands.size()), static_cast<uint32_t>(list.size())};
  out_.operands.insert(out_.operands.end(), list.begin(), list.end());
  return range;
}

StringId Checker::string(std::string text) {
  out_.strings.push_back(std::move(text));
  return StringId(out_.strings.size() - 1);
}

ExprId Checker::integer(uint64_t value, TypeId type, Location loc) {
  Expr expr;
  expr.kind = ExprKind::Integer;
  expr.type = type;
  expr.loc = loc;
  expr.value = fit(value, out_.types[type]);
  return add(expr);
}

std::string Checker::type_name(ExprId a) const {
  const Expr& expr = out_[a];
  if (expr.kind == ExprKind::Call && expr.function == Function::None) return "aggregation";
  return out_.types.name(expr.type);
}

bool Checker::is_place(ExprId a) const {
  ExprKind kind = out_[a].kind;
  return kind == ExprKind::Variable || kind == ExprKind::Dereference ||
         kind == ExprKind::MemberOf || kind == ExprKind::Element;
}

bool Checker::is_bit_field(ExprId a) const {
  const Expr& expr = out_[a];
  return expr.kind == ExprKind::MemberOf && out_.type_of(expr.a).members[expr.value].bit_width != 0;
}

Space Checker::space_of(ExprId place) const {
  const Expr& expr = out_[place];
  switch (expr.kind) {
    case ExprKind::Dereference:
      return out_.type_of(expr.a).space;
    case ExprKind::MemberOf:
    case ExprKind::Element:
      return space_of(expr.a);
    default:
      return Space::Host;
  }
}

/* Is this integer computed from a pointer into the program's own memory? Then it may be cast back. */
bool Checker::made_from_own_pointer(ExprId id) const {
  const Expr& expr = out_[id];
  switch (expr.kind) {
    case ExprKind::Convert: {
      const Type& from = out_.type_of(expr.a);
      return from.is_pointer() ? from.space == Space::Host : made_from_own_pointer(expr.a);
    }
    case ExprKind::Unary:
      return made_from_own_pointer(expr.a);
    case ExprKind::Binary:
      return made_from_own_pointer(expr.a) || made_from_own_pointer(expr.b);
    default:
      return false;
  }
}

bool Checker::string_like(TypeId id) const {
  const Type& type = out_.types[id];
  if (type.is_string()) return true;
  return (type.kind == TypeKind::Array || type.is_pointer()) && out_.types[type.target].is_char;
}

ExprId Checker::convert_node(ExprId a, TypeId to, Conversion conversion, uint64_t bound) {
  Expr expr;
  expr.kind = ExprKind::Convert;
  expr.conversion = conversion;
  expr.type = to;
  expr.loc = out_[a].loc;
  expr.a = a;
  expr.value = bound;
  return add(expr);
}

ExprId Checker::decay(ExprId a) {
  const Type& of = type(a);
  if (of.kind != TypeKind::Array) return a;
  return convert_node(a, out_.types.pointer_to(of.target, space_of(a)), Conversion::Decay);
}

ExprId Checker::convert(ExprId a, TypeId to) {
  const Type& want = out_.types[to];
  const Type& have = type(a);
  if (out_.types.same(out_[a].type, to)) {
    if (out_[a].type != to && is_constant(a)) return integer(out_[a].value, to, out_[a].loc);
    return a;
  }
  if (want.kind == TypeKind::Void) return convert_node(a, to, Conversion::Void);
  if (have.kind == TypeKind::Array && want.is_string())
    return convert_node(decay(a), to, Conversion::StringOf, have.count);
  if (have.kind == TypeKind::Array && !want.is_sou()) return convert(decay(a), to);
  if (want.is_string()) {
    if (is_constant(a) && out_[a].value == 0) return integer(0, to, out_[a].loc); /* NULL */
    if (have.is_integer())
      a = convert(a, out_.types.pointer_to(out_.types.char_type, Space::Kernel));
    else if (have.is_pointer() && !out_.types[have.target].is_char)
      a = convert(a, out_.types.pointer_to(out_.types.char_type, have.space));
    return convert_node(a, to, Conversion::StringOf);
  }
  if (have.is_string()) {
    ExprId pointer = convert_node(a, out_.types.host_char_pointer, Conversion::StringToPointer);
    return convert(pointer, to);
  }
  if (want.is_bool && have.is_scalar()) {
    if (is_constant(a)) return integer(out_[a].value, to, out_[a].loc);
    return convert_node(a, to, Conversion::Bool);
  }
  if (have.is_integer() && (want.is_integer() || want.is_pointer())) {
    if (is_constant(a)) return integer(out_[a].value, to, out_[a].loc);
    return convert_node(a, to,
                        want.is_integer() ? Conversion::Integer : Conversion::IntegerToPointer);
  }
  if (have.is_pointer() && want.is_integer()) {
    if (is_constant(a)) return integer(out_[a].value, to, out_[a].loc);
    return convert_node(a, to, Conversion::PointerToInteger);
  }
  if (have.is_pointer() && want.is_pointer()) {
    if (is_constant(a)) return integer(out_[a].value, to, out_[a].loc);
    return convert_node(a, to, Conversion::Pointer);
  }
  raise(Tag::D_CAST_INVAL, out_[a].loc,
        "invalid cast expression: \"" + type_name(a) + "\" to \"" + out_.types.name(to) + "\"");
}

/* As a parameter's value: a pointer stays in the address space that it points into. */
ExprId Checker::bound(ExprId a, TypeId to) {
  const Type& want = out_.types[to];
  const Type& have = type(a);
  if (want.is_pointer()) {
    Space space = have.is_pointer()              ? have.space
                  : have.kind == TypeKind::Array ? space_of(a)
                  : have.is_string()             ? Space::Host
                                                 : want.space;
    if ((space == Space::Host) != (want.space == Space::Host))
      to = out_.types.pointer_to(want.target, space);
  }
  return convert(a, to);
}

bool Checker::castable(ExprId a, TypeId to) const {
  const Type& want = out_.types[to];
  const Type& have = type(a);
  if (want.kind == TypeKind::Void || out_.types.same(out_[a].type, to)) return true;
  if (want.is_string())
    return string_like(out_[a].type) || have.is_integer() ||
           (have.is_pointer() && out_.types[have.target].kind == TypeKind::Void);
  if (want.is_pointer() || want.is_integer())
    return have.is_scalar() || have.is_string() || have.kind == TypeKind::Array;
  return false;
}

bool Checker::compatible_pointers(ExprId a, ExprId b) const {
  auto null = [&](ExprId e) {
    return is_constant(e) && out_[e].value == 0 && type(e).is_integer();
  };
  const Type& x = type(a);
  const Type& y = type(b);
  auto pointer = [](const Type& t) { return t.is_pointer() || t.kind == TypeKind::Array; };
  if (pointer(x) && null(b)) return true;
  if (pointer(y) && null(a)) return true;
  if (!pointer(x) || !pointer(y)) return false;
  const Type& to_x = out_.types[x.target];
  const Type& to_y = out_.types[y.target];
  if (to_x.kind == TypeKind::Void || to_y.kind == TypeKind::Void) return true;
  if (out_.types.same(x.target, y.target)) return true;
  /* Pointers to integers of one encoding, and to one type in different address spaces, are alike. */
  if (to_x.is_integer() && to_y.is_integer())
    return to_x.size == to_y.size && to_x.is_signed == to_y.is_signed &&
           to_x.is_char == to_y.is_char;
  return to_x.name == to_y.name;
}

bool Checker::assignable(ExprId a, TypeId to) const {
  const Type& want = out_.types[to];
  const Type& have = type(a);
  if (want.is_integer()) return have.is_integer();
  if (want.is_string()) return string_like(out_[a].type) || (is_constant(a) && out_[a].value == 0);
  if (want.is_pointer()) {
    if (have.is_integer()) return is_constant(a) && out_[a].value == 0;
    if (have.is_string())
      return out_.types[want.target].is_char || out_.types[want.target].kind == TypeKind::Void;
    if (!have.is_pointer() && have.kind != TypeKind::Array) return false;
    const Type& to_want = out_.types[want.target];
    const Type& to_have = out_.types[have.target];
    return to_want.kind == TypeKind::Void || to_have.kind == TypeKind::Void ||
           out_.types.same(want.target, have.target) ||
           (to_want.is_integer() && to_have.is_integer() && to_want.size == to_have.size) ||
           (to_want.kind == to_have.kind && to_want.name == to_have.name);
  }
  if (want.kind == TypeKind::Stack) return have.kind == TypeKind::Stack;
  if (want.kind == TypeKind::Symbol) return have.kind == TypeKind::Symbol;
  return out_.types.same(out_[a].type, to);
}

/* What C's integer promotions make of it. */
TypeId Checker::promoted_type(ExprId a) const {
  const Type& of = type(a);
  if (!of.is_integer()) return out_[a].type;
  bool narrow = of.kind == TypeKind::Enum || of.size < 4;
  if (is_bit_field(a)) {
    uint32_t width = out_.type_of(out_[a].a).members[out_[a].value].bit_width;
    narrow |= width < 32 || (width == 32 && of.is_signed);
  }
  return narrow ? out_.types.int_type : out_[a].type;
}

ExprId Checker::promote(ExprId a) {
  return convert(a, promoted_type(a));
}

TypeId Checker::common_type(TypeId a, TypeId b) const {
  const Type& x = out_.types[a];
  const Type& y = out_.types[b];
  uint64_t size = std::max({x.size, y.size, uint64_t(4)});
  auto unsigned_at = [&](const Type& t) { return !t.is_signed && t.size == size; };
  bool is_signed = !unsigned_at(x) && !unsigned_at(y);
  /* Keep a name the script used, if one of the two has the right shape. */
  for (TypeId id : {a, b}) {
    const Type& t = out_.types[id];
    if (t.kind == TypeKind::Integer && t.size == size && t.is_signed == is_signed) return id;
  }
  return out_.types.integer(static_cast<unsigned>(size), is_signed);
}

bool Checker::fold(Op op, ExprId left, ExprId right, TypeId result, Location loc,
                   uint64_t& value) const {
  if (!is_constant(left) || !is_constant(right)) return false;
  const Type& operand = type(left); /* both have one type, but for shifts */
  bool is_signed = operand.is_signed;
  uint64_t a = out_[left].value, b = out_[right].value;
  auto sa = static_cast<int64_t>(a), sb = static_cast<int64_t>(b);
  unsigned count = static_cast<unsigned>(b) & (operand.size == 8 ? 63 : 31);
  bool overflowing = is_signed && sb == -1; /* INT64_MIN / -1 */
  switch (op) {
    case Op::Add:
      value = a + b;
      break;
    case Op::Subtract:
      value = a - b;
      break;
    case Op::Multiply:
      value = a * b;
      break;
    case Op::Divide:
    case Op::Remainder:
      if (b == 0) raise(Tag::D_DIV_ZERO, loc, "expression contains division by zero");
      if (op == Op::Divide)
        value = overflowing ? 0 - a : is_signed ? static_cast<uint64_t>(sa / sb) : a / b;
      else
        value = overflowing ? 0 : is_signed ? static_cast<uint64_t>(sa % sb) : a % b;
      break;
    case Op::ShiftLeft:
      value = a << count;
      break;
    case Op::ShiftRight:
      value = is_signed ? static_cast<uint64_t>(sa >> count) : a >> count;
      break;
    case Op::BitAnd:
      value = a & b;
      break;
    case Op::BitOr:
      value = a | b;
      break;
    case Op::BitXor:
      value = a ^ b;
      break;
    case Op::Equal:
      value = a == b;
      break;
    case Op::NotEqual:
      value = a != b;
      break;
    case Op::Less:
      value = is_signed ? sa < sb : a < b;
      break;
    case Op::LessEqual:
      value = is_signed ? sa <= sb : a <= b;
      break;
    case Op::Greater:
      value = is_signed ? sa > sb : a > b;
      break;
    case Op::GreaterEqual:
      value = is_signed ? sa >= sb : a >= b;
      break;
    case Op::And:
      value = a && b;
      break;
    case Op::Or:
      value = a || b;
      break;
    case Op::Xor:
      value = !a != !b;
      break;
    default:
      return false;
  }
  value = fit(value, out_.types[result]);
  return true;
}

}  // namespace hp::probec
