#include "generate.hpp"

namespace hp::test {

using namespace probec;

uint64_t Generator::extended(uint64_t v, TypeId id) const {
  const Type& t = p_.types[id];
  if (t.is_bool) return v != 0;
  unsigned shift = 64 - static_cast<unsigned>(t.size) * 8;
  v <<= shift;
  return t.is_signed ? static_cast<uint64_t>(static_cast<int64_t>(v) >> shift) : v >> shift;
}

ExprId Generator::add(Expr e) {
  p_.exprs.push_back(e);
  return ExprId(p_.exprs.size() - 1);
}
StmtId Generator::add(Stmt s) {
  p_.stmts.push_back(s);
  return StmtId(p_.stmts.size() - 1);
}
Range Generator::list(const std::vector<ExprId>& v) {
  Range r{static_cast<uint32_t>(p_.operands.size()), static_cast<uint32_t>(v.size())};
  p_.operands.insert(p_.operands.end(), v.begin(), v.end());
  return r;
}
ExprId Generator::constant(TypeId t, uint64_t v) {
  return add({.kind = Kind::Integer, .type = t, .value = extended(v, t)});
}
ExprId Generator::convert(ExprId a, TypeId t) {
  Conversion c = p_.types[t].is_bool ? Conversion::Bool : Conversion::Integer;
  return add({.kind = Kind::Convert, .conversion = c, .type = t, .a = a});
}
ExprId Generator::call(Function f, TypeId t, std::vector<ExprId> args) {
  return add({.kind = Kind::Call, .function = f, .type = t, .operands = list(args)});
}

TypeId Generator::promoted() {
  const TypeId all[] = {p_.types.int_type, p_.types.uint_type, p_.types.int64_type,
                        p_.types.uint64_type};
  return p_.types.canonical(all[in_.below(4)]);
}

/* Two scalars of every scope and width, and an array of each scope, keyed by int (and string). */
void Generator::variables() {
  auto& t = p_.types;
  auto var = [&](const char* name, Scope s, TypeId type, std::vector<TypeId> keys = {}) {
    p_.variables.push_back(
        {.name = name, .scope = s, .associative = !keys.empty(), .type = type, .keys = keys});
  };
  var("g0", Scope::Global, t.int_type);
  var("g1", Scope::Global, t.uint64_type);
  var("g2", Scope::Global, t.char_type);
  var("l0", Scope::This, t.short_type);
  var("l1", Scope::This, t.bool_type);
  var("l2", Scope::This, t.ulong_type);
  var("s0", Scope::Self, t.int64_type);
  var("s1", Scope::Self, t.uchar_type);
  var("a0", Scope::Global, t.uint_type, {t.int_type});
  var("a1", Scope::Self, t.long_type, {t.int_type, t.uint64_type});
  var("gs", Scope::Global, t.string_type);
  var("ls", Scope::This, t.string_type);
  var("ss", Scope::Self, t.string_type);
  var("as", Scope::Global, t.string_type, {t.string_type, t.int_type});
}

ExprId Generator::variable(bool text) {
  uint32_t i = text ? 10 + in_.below(4) : in_.below(10);
  const Variable v = p_.variables[i];
  std::vector<ExprId> keys;
  for (TypeId k : v.keys)
    keys.push_back(p_.types[k].is_string() ? string(0) : constant(k, in_.below(3)));
  return add(
      {.kind = Kind::Variable, .type = v.type, .variable = VariableId(i), .operands = list(keys)});
}

/* Assignment, compound assignment or ++/-- of a variable. */
ExprId Generator::update(int depth) {
  ExprId place = variable(false);
  TypeId t = p_.exprs[place.value].type;
  switch (in_.below(3)) {
    case 0: {
      ExprId b = convert(integer(promoted(), depth - 1), t);
      return add({.kind = Kind::Assign, .type = t, .a = place, .b = b});
    }
    case 1: {
      TypeId operation = promoted();
      ExprId b = integer(operation, depth - 1);
      return add({.kind = Kind::AssignOp,
                  .op = static_cast<Op>(1 + in_.below(10)),
                  .type = t,
                  .a = place,
                  .b = b,
                  .operation_type = operation});
    }
    default:
      return add({.kind = Kind::Increment,
                  .op = in_.below(2) ? Op::Add : Op::Subtract,
                  .post = in_.below(2) != 0,
                  .type = t,
                  .value = 1,
                  .a = place});
  }
}

ExprId Generator::logic(int depth) {
  TypeId t = promoted();
  switch (depth <= 0 ? 0 : in_.below(5)) {
    case 0:
      return convert(integer(t, depth - 1), p_.types.int_type);
    case 1: {
      ExprId a = integer(t, depth - 1);
      return add({.kind = Kind::Unary, .op = Op::LogicalNot, .type = p_.types.int_type, .a = a});
    }
    case 2: {
      ExprId a = logic(depth - 1), b = logic(depth - 1);
      return add({.kind = Kind::Logical,
                  .op = static_cast<Op>(static_cast<int>(Op::And) + in_.below(3)),
                  .type = p_.types.int_type,
                  .a = a,
                  .b = b});
    }
    default: {
      ExprId a = integer(t, depth - 1), b = integer(t, depth - 1);
      return add({.kind = Kind::Binary,
                  .op = static_cast<Op>(static_cast<int>(Op::Equal) + in_.below(6)),
                  .type = p_.types.int_type,
                  .a = a,
                  .b = b});
    }
  }
}

ExprId Generator::integer(TypeId t, int depth) {
  if (depth <= 0 || in_.done()) {
    switch (in_.below(3)) {
      case 0:
        return constant(t, in_.below(4));
      case 1: {
        const uint64_t edges[] = {0,          1,          ~0ull,      0x7fffffff,
                                  0x80000000, 1ull << 63, ~0ull >> 1, in_.word()};
        return constant(t, edges[in_.below(8)]);
      }
      default:
        return convert(add({.kind = Kind::BuiltinVar,
                            .builtin = Builtin::Arg,
                            .type = p_.types.int64_type,
                            .value = in_.below(10)}),
                       t);
    }
  }
  switch (in_.below(9)) {
    case 0:
      return convert(variable(false), t);
    case 1:
      return convert(update(depth), t);
    case 2: {
      ExprId c = logic(depth - 1), a = integer(t, depth - 1), b = integer(t, depth - 1);
      return add({.kind = Kind::Conditional, .type = t, .a = c, .b = a, .c = b});
    }
    case 3: {
      ExprId a = integer(t, depth - 1), b = integer(t, depth - 1);
      return add({.kind = Kind::Comma, .type = t, .a = a, .b = b});
    }
    case 4: {
      ExprId a = integer(t, depth - 1);
      return add(
          {.kind = Kind::Unary, .op = in_.below(2) ? Op::Negate : Op::BitNot, .type = t, .a = a});
    }
    case 5:
      return convert(logic(depth - 1), t);
    case 6: {
      const TypeId narrow[] = {p_.types.char_type, p_.types.ushort_type, p_.types.bool_type,
                               p_.types.uint_type};
      return convert(convert(integer(promoted(), depth - 1), narrow[in_.below(4)]), t);
    }
    default: {
      ExprId a = integer(t, depth - 1), b = integer(t, depth - 1);
      return add({.kind = Kind::Binary,
                  .op = static_cast<Op>(1 + in_.below(10)),
                  .type = t,
                  .a = a,
                  .b = b});
    }
  }
}

/* An address: of a guest, of scratch, a wild one, or one near another. */
ExprId Generator::pointer(int depth) {
  TypeId u64 = p_.types.uint64_type;
  ExprId a;
  switch (in_.below(6)) {
    case 0:
      a = constant(u64, 0x7f0000001000 + in_.below(80));
      break;
    case 1:
      a = add(
          {.kind = Kind::BuiltinVar, .builtin = Builtin::Arg, .type = u64, .value = in_.below(10)});
      break;
    case 2:
      a = call(Function::Alloca, u64, {constant(u64, in_.below(100))});
      break;
    case 3:
      a = constant(u64, 0x53c0000000000000 + (uint64_t{in_.below(4)} << 48) + in_.below(64));
      break;
    case 4: {
      ExprId from = depth > 0 ? pointer(depth - 1) : constant(u64, 0x7f0000001000);
      a = call(Function::Copyin, u64, {from, constant(u64, in_.below(60))});
      break;
    }
    default:
      a = integer(p_.types.canonical(u64), depth - 1);
      break;
  }
  if (in_.below(3)) return a;
  return add({.kind = Kind::PointerAdd,
              .type = u64,
              .value = 1 + in_.below(16),
              .a = a,
              .b = constant(p_.types.int64_type, in_.below(2) ? in_.below(40) : in_.word())});
}

ExprId Generator::string(int depth) {
  TypeId s = p_.types.string_type;
  auto n = [&] { return integer(p_.types.int_type, depth - 2); };
  switch (depth <= 0 ? in_.below(4) : in_.below(16)) {
    case 0: {
      p_.strings.push_back(std::string(in_.below(40), static_cast<char>('a' + in_.below(26))));
      return add({.kind = Kind::String, .type = s, .string = StringId(p_.strings.size() - 1)});
    }
    case 1:
      return add({.kind = Kind::BuiltinVar, .builtin = Builtin::Execname, .type = s});
    case 2:
      return add({.kind = Kind::BuiltinVar, .builtin = Builtin::Probefunc, .type = s});
    case 3:
      return depth < -2 ? add({.kind = Kind::BuiltinVar, .builtin = Builtin::Vmname, .type = s})
                        : variable(true);
    case 4: {
      ExprId a = string(depth - 1);
      return call(Function::Strjoin, s, {a, string(depth - 1)});
    }
    case 5: {
      ExprId a = string(depth - 1), i = n();
      return call(Function::Substr, s, in_.below(2) ? std::vector{a, i} : std::vector{a, i, n()});
    }
    case 6:
      return call(Function::Copyinstr, s, {pointer(depth - 1)});
    case 7:
      return call(Function::Copyinstr, s,
                  {pointer(depth - 1), constant(p_.types.uint64_type, in_.word())});
    case 8:
      return add({.kind = Kind::Convert,
                  .conversion = Conversion::StringOf,
                  .type = s,
                  .value = in_.below(3) ? 0u : in_.below(256),
                  .a = pointer(depth - 1)});
    case 9: {
      ExprId c = logic(depth - 1), a = string(depth - 1), b = string(depth - 1);
      return add({.kind = Kind::Conditional, .type = s, .a = c, .b = a, .c = b});
    }
    case 10: {
      const Function f[] = {Function::Basename, Function::Dirname, Function::Cleanpath,
                            Function::Toupper, Function::Tolower};
      return call(f[in_.below(5)], s, {string(depth - 1)});
    }
    case 11: {
      ExprId a = string(depth - 1);
      return call(in_.below(2) ? Function::Strstr : Function::Strtok, s, {a, string(depth - 1)});
    }
    case 12:
      return call(
          Function::Lltostr, s,
          {integer(p_.types.int64_type, depth - 1), constant(p_.types.int_type, in_.below(40))});
    case 13: {
      ExprId place = variable(true);
      return add({.kind = Kind::Assign, .type = s, .a = place, .b = string(depth - 1)});
    }
    case 14:
      return call(Function::Strchr, s,
                  {string(depth - 1), constant(p_.types.char_type, in_.below(256))});
    default:
      return call(Function::InetNtoa, s, {pointer(depth - 1)});
  }
}

void Generator::aggregate(Stmt& s, int depth) {
  const Function f[] = {Function::Count,    Function::Sum,       Function::Min,
                        Function::Max,      Function::Avg,       Function::Stddev,
                        Function::Quantize, Function::Lquantize, Function::Llquantize};
  s.kind = StmtKind::Aggregate;
  uint32_t i = in_.below(9);
  s.aggregation = AggregationId(i);
  ExprId k0 = string(depth - 2);
  s.operands = list({k0, integer(p_.types.int_type, depth - 1)});
  if (f[i] != Function::Count) s.expr = integer(p_.types.int64_type, depth - 1);
  if (i >= 6 && in_.below(2)) s.expr2 = integer(p_.types.int64_type, 0);
}

StmtId Generator::statement(int depth, bool wild) {
  Stmt s{.kind = StmtKind::Action, .action = Function::Trace, .number = ++number_};
  TypeId any = promoted();
  switch (wild ? in_.below(12) : in_.below(3)) {
    case 0:
      s.kind = StmtKind::Expression;
      s.expr = update(depth);
      break;
    case 1:
    case 2:
      s.operands = list({integer(any, depth)});
      break;
    case 3:
    case 4:
      s.operands = list({string(depth)});
      break;
    case 5:
      aggregate(s, depth);
      break;
    case 6: {
      s.kind = StmtKind::If;
      s.expr = logic(depth - 1);
      s.then_block = block(depth - 1, wild);
      if (in_.below(2)) s.else_block = block(depth - 1, wild);
      break;
    }
    case 7: {
      ExprId a = add({.kind = Kind::Dereference, .type = any, .a = pointer(depth)});
      s.operands = list({a});
      break;
    }
    case 8: {
      s.action = Function::Tracemem;
      ExprId a = pointer(depth);
      s.operands = list({a, constant(p_.types.int_type, 1 + in_.below(60)), integer(any, 1)});
      break;
    }
    default: {
      s.kind = StmtKind::Expression;
      TypeId t = p_.types.canonical(p_.types.uint64_type);
      ExprId a = add({.kind = Kind::Dereference, .type = t, .a = pointer(depth)});
      s.expr = add({.kind = Kind::Assign, .type = t, .a = a, .b = integer(t, 1)});
      break;
    }
  }
  return add(s);
}

BlockId Generator::block(int depth, bool wild) {
  Block b;
  uint32_t n = 1 + in_.below(4);
  for (uint32_t i = 0; i < n && depth > 0; i++) b.stmts.push_back(statement(depth, wild));
  p_.blocks.push_back(b);
  return BlockId(p_.blocks.size() - 1);
}

CheckedProgram Generator::numbers() {
  variables();
  Clause c{.descs = {{.provider = "syscall", .name = "entry"}}};
  Block b;
  for (int i = 0; i < 6; i++) b.stmts.push_back(statement(4, false));
  p_.blocks.push_back(b);
  c.body = BlockId(p_.blocks.size() - 1);
  p_.clauses.push_back(c);
  return std::move(p_);
}

CheckedProgram Generator::anything() {
  p_.strsize = 8u << in_.below(6);
  variables();
  const Function f[] = {Function::Count,    Function::Sum,       Function::Min,
                        Function::Max,      Function::Avg,       Function::Stddev,
                        Function::Quantize, Function::Lquantize, Function::Llquantize};
  for (Function x : f) {
    Aggregation a{
        .name = name_of(x), .function = x, .keys = {p_.types.string_type, p_.types.int_type}};
    if (x == Function::Lquantize) a.params[0] = -10, a.params[1] = 100, a.params[2] = 7;
    if (x == Function::Llquantize)
      a.params[0] = 10, a.params[1] = 0, a.params[2] = 18, a.params[3] = 20;
    p_.aggregations.push_back(a);
  }
  uint32_t n = 1 + in_.below(2);
  for (uint32_t i = 0; i < n; i++) {
    Clause c{.descs = {{.provider = "syscall", .name = "entry"}}};
    number_ = 0;
    if (in_.below(3) == 0) c.predicate = logic(3);
    c.body = block(4, true);
    p_.clauses.push_back(c);
  }
  /* Literals are cut to strsize - 1 by the checker. */
  for (std::string& s : p_.strings)
    if (s.size() > p_.strsize - 1) s.resize(p_.strsize - 1);
  return std::move(p_);
}

}  // namespace hp::test
