#include "probec/dump.hpp"

#include "probec/checker.hpp"
#include "quoted.hpp"

namespace hp::probec {

namespace {

class Dumper {
 public:
  explicit Dumper(const CheckedProgram& program) : p_(program) {}

  std::string expr(ExprId id) const {
    const Expr& e = p_[id];
    std::string type = ":" + p_.types.name(e.type);
    if (p_.types[e.type].is_pointer() && p_.types[e.type].space != Space::Kernel)
      type += p_.types[e.type].space == Space::Host ? "@host" : "@user";
    auto node = [&](const std::string& name, std::initializer_list<ExprId> parts) {
      std::string out = "(" + name + type;
      for (ExprId part : parts) out += " " + expr(part);
      return out + list(e.operands) + ")";
    };
    switch (e.kind) {
      case ExprKind::Integer:
        return (p_.types[e.type].is_signed ? std::to_string(static_cast<int64_t>(e.value))
                                           : std::to_string(e.value)) +
               type;
      case ExprKind::String:
        return quoted(p_[e.string]);
      case ExprKind::BuiltinVar:
        return (e.builtin == Builtin::Arg ? "arg" + std::to_string(e.value)
                                          : std::string(name_of(e.builtin))) +
               type;
      case ExprKind::Variable: {
        const Variable& v = p_[e.variable];
        std::string name = (v.scope == Scope::Self   ? "self->"
                            : v.scope == Scope::This ? "this->"
                                                     : "") +
                           v.name;
        return v.associative ? node(name, {}) : name + type;
      }
      case ExprKind::Unary:
        return node(spelling_of(e.op), {e.a});
      case ExprKind::Binary:
      case ExprKind::Logical:
        return node(spelling_of(e.op), {e.a, e.b});
      case ExprKind::Conditional:
        return node("?", {e.a, e.b, e.c});
      case ExprKind::Comma:
        return node(",", {e.a, e.b});
      case ExprKind::Assign:
        return node("=", {e.a, e.b});
      case ExprKind::AssignOp:
        return node(std::string(spelling_of(e.op)) + "=[" + p_.types.name(e.operation_type) + "]",
                    {e.a, e.b});
      case ExprKind::Increment:
        return node(std::string(e.post ? "post" : "pre") + (e.op == Op::Add ? "++" : "--") +
                        std::to_string(e.value),
                    {e.a});
      case ExprKind::Convert: {
        static constexpr const char* kNames[] = {"int",   "bool",     "int2ptr", "ptr2int", "ptr",
                                                 "decay", "stringof", "str2ptr", "void"};
        return node(std::string("->") + kNames[static_cast<int>(e.conversion)] +
                        (e.value ? std::to_string(e.value) : ""),
                    {e.a});
      }
      case ExprKind::AddressOf:
        return node("&", {e.a});
      case ExprKind::Dereference:
        return node("*", {e.a});
      case ExprKind::MemberOf:
        return node("." + p_.type_of(e.a).members[e.value].name, {e.a});
      case ExprKind::Element:
        return node("[]", {e.a, e.b});
      case ExprKind::StringChar:
        return node("char[]", {e.a, e.b});
      case ExprKind::PointerAdd:
        return node("ptr+" + std::to_string(static_cast<int64_t>(e.value)), {e.a, e.b});
      case ExprKind::PointerDiff:
        return node("ptr-" + std::to_string(e.value), {e.a, e.b});
      case ExprKind::KernelSize:
        return node((e.string.valid() ? "offsetof " : "sizeof ") + p_.types.name(e.operation_type) +
                        (e.string.valid() ? "." + p_[e.string] : ""),
                    {});
      case ExprKind::KernelAddress:
        return node("&" + p_[e.string], {});
      case ExprKind::Call:
        return node(name_of(e.function), {});
    }
    return {};
  }

  std::string program() {
    for (size_t i = 0; i < p_.clauses.size(); ++i) {
      const Clause& clause = p_.clauses[i];
      out_ += "clause " + std::to_string(i) + ":";
      for (const ProbeDesc& d : clause.descs)
        out_ += d.id ? " #" + std::to_string(d.id)
                     : " " + (d.target.empty() ? "" : d.target + ":") + d.provider + ":" +
                           d.module + ":" + d.function + ":" + d.name;
      out_ += clause.has_body ? "\n" : " default\n";
      if (clause.predicate.valid()) out_ += "  predicate " + expr(clause.predicate) + "\n";
      block(clause.body, 2);
    }
    return out_;
  }

 private:
  std::string list(Range range) const {
    std::string out;
    for (uint32_t i = 0; i < range.count; ++i) out += " " + expr(p_.operands[range.first + i]);
    return out;
  }

  void block(BlockId id, size_t indent) {
    std::string margin(indent, ' ');
    for (StmtId sid : p_[id].stmts) {
      const Stmt& s = p_[sid];
      out_ += margin + std::to_string(s.number) + " ";
      switch (s.kind) {
        case StmtKind::Expression:
          out_ += expr(s.expr);
          break;
        case StmtKind::Action:
          out_ += name_of(s.action);
          if (s.format.valid()) out_ += " " + quoted(p_[s.format]);
          for (uint32_t i = 0; i < s.aggregations.count; ++i)
            out_ += " @" + p_[p_.aggregation_refs[s.aggregations.first + i]].name;
          out_ += list(s.operands);
          break;
        case StmtKind::Aggregate: {
          const Aggregation& a = p_[s.aggregation];
          out_ += "@" + a.name + list(s.operands) + " = " + name_of(a.function);
          if (s.expr.valid()) out_ += " " + expr(s.expr);
          if (s.expr2.valid()) out_ += " weight " + expr(s.expr2);
          for (int64_t param : a.params)
            if (a.function == Function::Lquantize || a.function == Function::Llquantize)
              out_ += " " + std::to_string(param);
          break;
        }
        case StmtKind::If:
          out_ += "if " + expr(s.expr) + "\n";
          block(s.then_block, indent + 2);
          if (s.else_block.valid()) {
            out_ += margin + "else\n";
            block(s.else_block, indent + 2);
          }
          continue;
      }
      out_ += "\n";
    }
  }

  const CheckedProgram& p_;
  std::string out_;
};

}  // namespace

std::string dump(const CheckedProgram& program) {
  return Dumper(program).program();
}
std::string dump(const CheckedProgram& program, ExprId expr) {
  return Dumper(program).expr(expr);
}

}  // namespace hp::probec
