#include "probec/dump_tree.hpp"

#include "probec/checker.hpp"
#include "quoted.hpp"

namespace hp::probec::ast {

namespace {

class TreeDumper {
 public:
  TreeDumper(const Tree& tree, const std::vector<Source>& sources) : t_(tree), sources_(sources) {}

  std::string all() {
    for (const Item& item : t_.items) {
      switch (item.kind) {
        case ItemKind::Declaration:
          declaration(t_.declarations[item.index]);
          break;
        case ItemKind::Clause:
          clause(t_.clauses[item.index]);
          break;
        case ItemKind::Translator:
          translator(t_.translators[item.index]);
          break;
        case ItemKind::Provider:
          provider(t_.providers[item.index]);
          break;
      }
    }
    return std::move(out_);
  }

 private:
  bool hidden(const Location& loc) const {
    return loc.source < sources_.size() && (sources_[loc.source].kind == SourceKind::Library ||
                                            sources_[loc.source].kind == SourceKind::Foundation);
  }

  std::string list(const std::vector<ExprId>& args) const {
    std::string out;
    for (ExprId a : args) out += " " + expr(a);
    return out;
  }

  std::string expr(ExprId id) const {
    const Expr& e = t_[id];
    const auto node = [&](const std::string& name, std::initializer_list<ExprId> parts) {
      std::string out = "(" + name;
      for (ExprId part : parts) out += " " + expr(part);
      return out + list(e.args) + ")";
    };
    static constexpr const char* kUnary[] = {"+", "-", "~", "!", "&", "*"};
    switch (e.kind) {
      case ExprKind::Integer:
        return std::to_string(e.value) + (e.integer.is_unsigned ? "u" : "") +
               std::string(e.integer.longs, 'l');
      case ExprKind::String:
        return quoted(e.text);
      case ExprKind::Ident:
        return (e.scope == NameScope::Self   ? "self->"
                : e.scope == NameScope::This ? "this->"
                                             : "") +
               e.text;
      case ExprKind::Aggregation: {
        const std::string name = "@" + (e.text == "_" ? "" : e.text);
        return e.keyed ? "(" + name + list(e.args) + ")" : name;
      }
      case ExprKind::Unary:
        return node(kUnary[static_cast<size_t>(e.unary)], {e.a});
      case ExprKind::Sizeof:
        return e.a.valid() ? node("sizeof", {e.a}) : "(sizeof <" + type(e.type) + ">)";
      case ExprKind::Offsetof:
        return "(offsetof <" + type(e.type) + "> " + e.text + ")";
      case ExprKind::Stringof:
        return node("stringof", {e.a});
      case ExprKind::Cast:
        return node("cast <" + type(e.type) + ">", {e.a});
      case ExprKind::Xlate:
        return node("xlate <" + type(e.type) + ">", {e.a});
      case ExprKind::PreIncrement:
        return node("pre++", {e.a});
      case ExprKind::PreDecrement:
        return node("pre--", {e.a});
      case ExprKind::PostIncrement:
        return node("post++", {e.a});
      case ExprKind::PostDecrement:
        return node("post--", {e.a});
      case ExprKind::Binary:
        return node(spelling_of(e.op), {e.a, e.b});
      case ExprKind::Assign:
        return node(e.op == Op::None ? "=" : std::string(spelling_of(e.op)) + "=", {e.a, e.b});
      case ExprKind::Conditional:
        return node("?:", {e.a, e.b, e.c});
      case ExprKind::Comma:
        return node(",", {e.a, e.b});
      case ExprKind::Call:
        return "(call " + e.text + list(e.args) + ")";
      case ExprKind::Index:
        return node("[]", {e.a});
      case ExprKind::Member:
        return node((e.arrow ? "->" : ".") + e.text, {e.a});
    }
    return {};
  }

  static std::string base(uint32_t bits) {
    struct Word {
      uint32_t bit;
      const char* word;
    };
    static constexpr Word kWords[] = {{kSigned, "signed"},    {kUnsigned, "unsigned"},
                                      {kComplex, "_Complex"}, {kImaginary, "_Imaginary"},
                                      {kLong, "long"},        {kLongLong, "long long"},
                                      {kShort, "short"},      {kVoid, "void"},
                                      {kChar, "char"},        {kInt, "int"},
                                      {kFloat, "float"},      {kDouble, "double"},
                                      {kBool, "_Bool"}};
    std::string out;
    for (const Word& w : kWords)
      if (bits & w.bit) out += (out.empty() ? "" : " ") + std::string(w.word);
    return out;
  }

  std::string members(const Type& of) const {
    if (!of.defines) return {};
    std::string out = " {";
    for (const MemberDecl& m : of.members) {
      out += " " + (m.name.empty() ? "_" : m.name) + ": " + type(m.type);
      if (m.width.valid()) out += " : " + expr(m.width);
      out += ";";
    }
    for (const EnumeratorDecl& e : of.enumerators)
      out += " " + e.name + (e.value.valid() ? " = " + expr(e.value) : "") + ",";
    return out + " }";
  }

  std::string parameters(const Type& of) const {
    std::string out;
    for (TypeId p : of.parameters) out += (out.empty() ? "" : ", ") + type(p);
    if (of.varargs) out += out.empty() ? "..." : ", ...";
    return out;
  }

  std::string type(TypeId id) const {
    if (!id.valid()) return "int";
    const Type& of = t_[id];
    const std::string userland = of.userland ? "userland " : "";
    switch (of.kind) {
      case TypeKind::Base:
        return userland + base(of.bits);
      case TypeKind::Named:
        return userland + of.name;
      case TypeKind::Struct:
      case TypeKind::Union:
      case TypeKind::Enum: {
        const char* word = of.kind == TypeKind::Struct  ? "struct"
                           : of.kind == TypeKind::Union ? "union"
                                                        : "enum";
        return userland + word + (of.name.empty() ? "" : " " + of.name) + members(of);
      }
      case TypeKind::Pointer:
        return userland + "pointer to " + type(of.target);
      case TypeKind::Array:
        return "array" + (of.size.valid() ? " of " + expr(of.size) : "") + " " + type(of.target);
      case TypeKind::Assoc:
        return "associative array by (" + parameters(of) + ") of " + type(of.target);
      case TypeKind::Function:
        return "function of (" + parameters(of) + ") giving " + type(of.target);
    }
    return {};
  }

  void declaration(const Declaration& d) {
    if (hidden(d.loc)) return;
    static constexpr const char* kStorage[] = {"",        "auto ",    "register ", "static ",
                                               "extern ", "typedef ", "self ",     "this "};
    out_ += std::string("declaration: ") + (d.is_inline ? "inline " : "") +
            kStorage[static_cast<size_t>(d.storage)] + (d.name.empty() ? "" : d.name + ": ") +
            type(d.type) + (d.value.valid() ? " = " + expr(d.value) : "") + "\n";
  }

  void translator(const Translator& t) {
    if (hidden(t.loc)) return;
    out_ += "translator: " + type(t.output) + " from " + t.parameter + ": " + type(t.input) + "\n";
    for (const TranslatorMember& m : t.members)
      out_ += "  " + m.name + " = " + expr(m.value) + "\n";
  }

  void provider(const Provider& p) {
    if (hidden(p.loc)) return;
    out_ += "provider: " + p.name + "\n";
    for (const ProviderProbe& probe : p.probes) {
      out_ += "  probe " + probe.name;
      for (TypeId parameter : probe.parameters) out_ += " <" + type(parameter) + ">";
      out_ += "\n";
    }
  }

  void clause(const Clause& c) {
    if (hidden(c.loc)) return;
    out_ += "clause:";
    for (const ProbeDesc& d : c.descs)
      out_ += d.id ? " #" + std::to_string(d.id)
                   : " " + (d.target.empty() ? "" : d.target + ":") + d.provider + ":" + d.module +
                         ":" + d.function + ":" + d.name;
    out_ += "\n";
    if (c.predicate.valid()) out_ += "  predicate " + expr(c.predicate) + "\n";
    for (StmtId s : c.body) statement(s, 2);
  }

  void statement(StmtId id, size_t depth) {
    const Stmt& s = t_[id];
    const std::string margin(depth, ' ');
    if (s.kind == StmtKind::Empty) return;
    if (s.kind == StmtKind::Expression) {
      out_ += margin + expr(s.expr) + "\n";
      return;
    }
    out_ += margin + "if " + expr(s.expr) + "\n";
    for (StmtId then : s.then_block) statement(then, depth + 2);
    if (!s.else_block.empty()) out_ += margin + "else\n";
    for (StmtId other : s.else_block) statement(other, depth + 2);
  }

  const Tree& t_;
  const std::vector<Source>& sources_;
  std::string out_;
};

}  // namespace

std::string dump(const Tree& tree, const std::vector<Source>& sources) {
  return TreeDumper(tree, sources).all();
}

}  // namespace hp::probec::ast
