/* A second opinion on integer expressions: evaluates the programs of Generator::numbers() directly,
 * in the terms of the C standard (values as 128-bit integers, reduced to the type after each step). */
#pragma once
#include <map>
#include <optional>
#include <vector>

#include "probec/checked.hpp"
#include "transport/segment.h"

namespace hp::test {

class Interpreter {
 public:
  Interpreter(const probec::CheckedProgram& p, const hp_firing& f) : p_(p), firing_(f) {}

  struct Outcome {
    std::vector<int64_t> traced; /* nothing if it faulted */
    bool faulted = false;
    uint32_t action = 0;
  };
  Outcome fire();

 private:
  using Wide = __int128;
  using Key = std::vector<Wide>;
  Wide value(probec::ExprId);
  Wide binary(probec::Op, Wide a, Wide b, const probec::Type&);
  Wide& place(probec::ExprId);
  static Wide reduce(Wide, const probec::Type&);

  const probec::CheckedProgram& p_;
  const hp_firing& firing_;
  std::map<Key, Wide> variables_;
  struct DivisionByZero {};
};

inline Interpreter::Wide Interpreter::reduce(Wide v, const probec::Type& t) {
  if (t.is_bool) return v != 0;
  Wide modulus = Wide{1} << (8 * t.size);
  v %= modulus;
  if (v < 0) v += modulus;
  if (t.is_signed && v >= modulus / 2) v -= modulus;
  return v;
}

inline Interpreter::Wide& Interpreter::place(probec::ExprId id) {
  const probec::Expr& e = p_[id];
  Key key{e.variable.value};
  for (uint32_t i = 0; i < e.operands.count; i++)
    key.push_back(value(p_.operands[e.operands.first + i]));
  return variables_[key];
}

inline Interpreter::Wide Interpreter::binary(probec::Op op, Wide a, Wide b, const probec::Type& t) {
  using probec::Op;
  const unsigned bits = t.size < 4 ? 32 : static_cast<unsigned>(t.size) * 8;
  const unsigned count = static_cast<unsigned>(static_cast<uint64_t>(b) & (bits - 1));
  switch (op) {
    case Op::Add:
      return reduce(a + b, t);
    case Op::Subtract:
      return reduce(a - b, t);
    case Op::Multiply:
      return reduce(
          static_cast<Wide>(static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b)),
          t);
    case Op::Divide:
      if (b == 0) throw DivisionByZero{};
      return reduce(a / b, t);
    case Op::Remainder:
      if (b == 0) throw DivisionByZero{};
      return reduce(a % b, t);
    case Op::ShiftLeft:
      return reduce(static_cast<Wide>(static_cast<unsigned __int128>(a) << count), t);
    case Op::ShiftRight:
      return reduce(a >> count, t);
    case Op::BitAnd:
      return reduce(a & b, t);
    case Op::BitOr:
      return reduce(a | b, t);
    case Op::BitXor:
      return reduce(a ^ b, t);
    case Op::Equal:
      return a == b;
    case Op::NotEqual:
      return a != b;
    case Op::Less:
      return a < b;
    case Op::LessEqual:
      return a <= b;
    case Op::Greater:
      return a > b;
    default:
      return a >= b;
  }
}

inline Interpreter::Wide Interpreter::value(probec::ExprId id) {
  using namespace probec;
  const Expr& e = p_[id];
  const Type& t = p_.types[e.type];
  switch (e.kind) {
    case ExprKind::Integer:
      return t.is_signed ? Wide{static_cast<int64_t>(e.value)} : Wide{e.value};
    case ExprKind::BuiltinVar:
      return Wide{static_cast<int64_t>(firing_.args[e.value])};
    case ExprKind::Variable:
      return place(id);
    case ExprKind::Unary:
      if (e.op == Op::LogicalNot) return value(e.a) == 0;
      return e.op == Op::Negate ? reduce(-value(e.a), t) : reduce(~value(e.a), t);
    case ExprKind::Binary: {
      Wide a = value(e.a);
      return binary(e.op, a, value(e.b), t);
    }
    case ExprKind::Logical: {
      bool a = value(e.a) != 0;
      if (e.op == Op::And) return a && value(e.b) != 0;
      if (e.op == Op::Or) return a || value(e.b) != 0;
      return a != (value(e.b) != 0);
    }
    case ExprKind::Conditional:
      return value(e.a) != 0 ? value(e.b) : value(e.c);
    case ExprKind::Comma:
      value(e.a);
      return value(e.b);
    case ExprKind::Convert:
      return reduce(value(e.a), t);
    case ExprKind::Assign: {
      Wide v = value(e.b);
      return place(e.a) = v;
    }
    case ExprKind::AssignOp: {
      const Type& operation = p_.types[e.operation_type];
      Wide a = reduce(place(e.a), operation);
      Wide v = reduce(binary(e.op, a, value(e.b), operation), t);
      return place(e.a) = v;
    }
    case ExprKind::Increment: {
      Wide& at = place(e.a);
      Wide old = at;
      at = reduce(e.op == Op::Add ? old + 1 : old - 1, t);
      return e.post ? old : at;
    }
    default:
      std::abort();
  }
}

inline Interpreter::Outcome Interpreter::fire() {
  Outcome out;
  for (auto it = variables_.begin(); it != variables_.end();) /* this-> starts at zero */
    it = p_.variables[static_cast<size_t>(it->first[0])].scope == probec::Scope::This
             ? variables_.erase(it)
             : std::next(it);
  try {
    for (probec::StmtId id : p_[p_.clauses[0].body].stmts) {
      const probec::Stmt& s = p_[id];
      out.action = s.number;
      if (s.kind == probec::StmtKind::Expression)
        value(s.expr);
      else
        out.traced.push_back(static_cast<int64_t>(value(p_.operands[s.operands.first])));
    }
  } catch (DivisionByZero) {
    out.traced.clear();
    out.faulted = true;
  }
  return out;
}

}  // namespace hp::test
