/* Names: variables of the three scopes, built-in variables, args[], inlines. */
#include <algorithm>

#include "probec/checker.hpp"

namespace hp::probec {

Scope Checker::scope_of(ast::NameScope scope) {
  return scope == ast::NameScope::Self   ? Scope::Self
         : scope == ast::NameScope::This ? Scope::This
                                         : Scope::Global;
}

const Checker::Symbol* Checker::find(const std::string& name) const {
  auto found = globals_.find(name);
  return found == globals_.end() ? nullptr : &found->second;
}

Checker::Owner Checker::owner_at(Location loc) const {
  if (loc.line == 0) return Owner::D;
  SourceKind kind = sources_[loc.source].kind;
  return kind == SourceKind::Foundation ? Owner::C
         : kind == SourceKind::Library  ? Owner::D
                                        : Owner::Program;
}

void Checker::define(const std::string& name, Symbol symbol, Location loc) {
  symbol.owner = owner_at(loc);
  auto [at, made] = globals_.emplace(name, symbol);
  if (made) return;
  if (at->second.owner != Owner::C || symbol.owner == Owner::C)
    raise(Tag::D_DECL_IDRED, loc, "identifier redeclared: " + name);
  at->second = symbol;
}

namespace {

/* Letters to change, add, drop or swap to make b of a; given up past `most`. */
size_t distance(const std::string& a, const std::string& b, size_t most) {
  if (a.size() > b.size() + most || b.size() > a.size() + most) return most + 1;
  std::vector<size_t> before(b.size() + 1), row(b.size() + 1), next(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        next[j] = std::min(next[j], before[j - 2] + 1);
    }
    before.swap(row);
    row.swap(next);
  }
  return row[b.size()];
}

}  // namespace

std::string Checker::similar_name(const std::string& name, bool function) const {
  const std::string* best = nullptr;
  size_t least = std::min<size_t>(2, name.size() / 2);
  auto consider = [&](const std::string& candidate) {
    size_t d = distance(name, candidate, least);
    auto longer = [&](const std::string& s) {
      return std::max(s.size(), name.size()) - std::min(s.size(), name.size());
    };
    /* Equally near: the one of like length, then by the alphabet: a message is always the same. */
    if (d < least || (d == least && (!best || std::pair(longer(candidate), candidate) <
                                                  std::pair(longer(*best), *best)))) {
      best = &candidate;
      least = d;
    }
  };
  if (name.size() > 127) return {};
  for (const auto& [candidate, symbol] : globals_) {
    bool is_function = symbol.kind == SymbolKind::Function;
    if (symbol.kind != SymbolKind::Typedef && is_function == function) consider(candidate);
  }
  if (function)
    for (const auto& [candidate, which] : aggregating_) consider(candidate);
  return best && !best->empty() ? "did you mean " + *best + (function ? "( )?" : "?")
                                : std::string();
}

VariableId Checker::find_variable(Scope scope, const std::string& name) const {
  if (scope == Scope::Global) {
    auto found = globals_.find(name);
    if (found == globals_.end() || found->second.kind != SymbolKind::Variable) return {};
    return VariableId(found->second.index);
  }
  const auto& map = scope == Scope::Self ? self_ : this_;
  auto found = map.find(name);
  return found == map.end() ? VariableId() : found->second;
}

VariableId Checker::declare_variable(Scope scope, const std::string& name, TypeId type,
                                     Location loc) {
  Variable variable;
  variable.name = name;
  variable.scope = scope;
  variable.type = type;
  variable.loc = loc;
  out_.variables.push_back(std::move(variable));
  pinned_.push_back(false);
  VariableId id(out_.variables.size() - 1);
  if (scope == Scope::Global)
    define(name, {SymbolKind::Variable, id.value, 0, type}, loc);
  else
    (scope == Scope::Self ? self_ : this_).emplace(name, id);
  return id;
}

ExprId Checker::variable(VariableId id, Location loc) {
  Expr expr;
  expr.kind = ExprKind::Variable;
  expr.variable = id;
  expr.type = out_[id].type;
  expr.loc = loc;
  return add(expr);
}

ExprId Checker::builtin(Builtin which, uint64_t number, Location loc) {
  static constexpr const char* kTypes[] = {
#define HP_BUILTIN(id, name, type) type,
#include "probec/builtins.def"
#undef HP_BUILTIN
  };
  Expr expr;
  expr.kind = ExprKind::BuiltinVar;
  expr.builtin = which;
  expr.value = number;
  expr.type = named_type(kTypes[static_cast<size_t>(which)]);
  expr.loc = loc;
  return add(expr);
}

ExprId Checker::identifier(const ast::Expr& expr) {
  if (expr.scope != ast::NameScope::Global) {
    VariableId id = find_variable(scope_of(expr.scope), expr.text);
    std::string name = (expr.scope == ast::NameScope::Self ? "self->" : "this->") + expr.text;
    if (!id.valid())
      raise(Tag::D_VAR_UNDEF, expr.loc, name + " has not yet been declared or assigned");
    if (out_[id].associative)
      raise(Tag::D_IDENT_BADREF, expr.loc,
            "associative array '" + expr.text + "' may not be referenced as scalar");
    return variable(id, expr.loc);
  }
  for (auto frame = inlines_.rbegin(); frame != inlines_.rend() && frame == inlines_.rbegin();
       ++frame)
    for (size_t i = 0; i < frame->names->size(); ++i)
      if ((*frame->names)[i] == expr.text) return frame->values[i];
  if (expr.text.find('`') != std::string::npos) return kernel_symbol(expr.text, expr.loc);
  const Symbol* symbol = find(expr.text);
  if (!symbol)
    raise(Tag::D_IDENT_UNDEF, expr.loc,
          "failed to resolve " + expr.text + ": Unknown variable name",
          similar_name(expr.text, false));
  if (symbol->kind != SymbolKind::Constant && symbol->kind != SymbolKind::Inline)
    uses_name("scalar", expr.text, expr.loc);
  switch (symbol->kind) {
    case SymbolKind::Variable: {
      VariableId id(symbol->index);
      if (out_[id].associative)
        raise(Tag::D_IDENT_BADREF, expr.loc,
              "associative array '" + expr.text + "' may not be referenced as scalar");
      return variable(id, expr.loc);
    }
    case SymbolKind::Builtin:
      return builtin(static_cast<Builtin>(symbol->index), static_cast<uint64_t>(symbol->value),
                     expr.loc);
    case SymbolKind::Constant:
      return integer(static_cast<uint64_t>(symbol->value), symbol->type, expr.loc);
    case SymbolKind::Inline:
      return inline_use(*symbol, {}, expr.loc, false);
    case SymbolKind::Args:
    case SymbolKind::Uregs:
      raise(Tag::D_IDENT_BADREF, expr.loc,
            "associative array '" + expr.text + "' may not be referenced as scalar");
    case SymbolKind::Function:
      raise(Tag::D_IDENT_BADREF, expr.loc,
            kind_name(*symbol) + " '" + expr.text + "' may not be referenced as scalar");
    case SymbolKind::Typedef:
      break;
  }
  raise(Tag::D_IDENT_BADREF, expr.loc, expr.text + " may not be used in an expression");
}

/* module`name, or `name: a place in the kernel's memory, of the type that the kernel's types say. */
ExprId Checker::kernel_symbol(const std::string& text, Location loc) {
  size_t quote = text.rfind('`');
  std::string module = text.substr(0, quote), name = text.substr(quote + 1);
  std::optional<TypeSource::Symbol> symbol;
  if (kernel_) symbol = kernel_->find_symbol(module, name, out_.types);
  if (!symbol)
    raise(Tag::D_IDENT_UNDEF, loc, "failed to resolve " + text + ": Unknown symbol name",
          kernel_ ? "" : "kernel and module symbols need a Linux guest");
  if (!symbol->type.valid() || out_.types[symbol->type].kind == TypeKind::Void)
    raise(Tag::D_SYM_NOTYPES, loc,
          "no symbolic type information is available for " + (module.empty() ? "vmlinux" : module) +
              "`" + name + ": No type information available for symbol");
  Expr place;
  place.kind = ExprKind::Dereference;
  place.loc = loc;
  Expr address;
  address.kind = ExprKind::KernelAddress;
  address.loc = loc;
  address.type = out_.types.pointer_to(symbol->type);
  address.value = symbol->address;
  address.string = string(module + "`" + name);
  place.a = add(address);
  place.type = symbol->type;
  return add(place);
}

ExprId Checker::inline_use(const Symbol& symbol, const std::vector<ast::ExprId>& args, Location loc,
                           bool called) {
  const ast::Declaration& decl = tree_.declarations[symbol.index];
  const ast::Type& type = tree_[decl.type];
  bool takes = type.kind == ast::TypeKind::Assoc || type.kind == ast::TypeKind::Function;
  if (takes != called)
    raise(Tag::D_OP_ARRFUN, loc,
          decl.name + (takes ? " may not be used without arguments" : " takes no arguments"));
  if (inlines_.size() > 64) raise(Tag::D_CG_EXPR, loc, "inlines are nested too deeply");
  uses_name("scalar", decl.name, loc);
  inlines_.push_back(inline_frame(decl, args, loc));
  ++expanding_;
  ExprId result = expression(decl.value);
  --expanding_;
  inlines_.pop_back();
  if (out_[result].kind == ExprKind::String || type_name(result) == out_.types.name(symbol.type))
    return result;
  if (!assignable(result, symbol.type) && !castable(result, symbol.type))
    raise(Tag::D_OP_INCOMPAT, loc,
          "inline " + decl.name + " definition uses incompatible types: \"" +
              out_.types.name(symbol.type) + "\" = \"" + type_name(result) + "\"");
  return bound(result, symbol.type);
}

/* The arguments of an inline that takes some, converted to its parameters' types. */
Checker::InlineFrame Checker::inline_frame(const ast::Declaration& decl,
                                           const std::vector<ast::ExprId>& args, Location loc) {
  const ast::Type& type = tree_[decl.type];
  InlineFrame frame{&type.parameter_names, {}};
  if (type.kind != ast::TypeKind::Assoc && type.kind != ast::TypeKind::Function) return frame;
  argument_count(decl.name, args.size(), type.parameters.size(), type.parameters.size(), loc);
  for (size_t i = 0; i < args.size(); ++i) {
    ExprId arg = value(args[i]);
    TypeId want = type_of(type.parameters[i]);
    if (!assignable(arg, want))
      argument_mismatch(decl.name, i + 1, out_.types.name(want), type_name(arg), loc);
    frame.values.push_back(bound(arg, want));
  }
  return frame;
}

/* uregs[R_...]: a register of the thread that fires, by the numbers of the library. */
ExprId Checker::uregs_element(const ast::Expr& expr) {
  if (expr.args.size() != 1)
    raise(Tag::D_PROTO_LEN, expr.loc,
          "uregs[ ] prototype mismatch: " + std::to_string(expr.args.size()) +
              " args passed, 1 expected");
  ExprId at = value(expr.args[0]);
  if (!is_constant(at) || !type(at).is_integer())
    raise(Tag::D_PROTO_ARG, expr.loc,
          "uregs[ ] argument #1 is incompatible with prototype:\n\tprototype: integer constant\n\t "
          "argument: " +
              type_name(at));
  const auto index = static_cast<int64_t>(out_[at].value);
  constexpr int64_t kLast = 26; /* R_ERR */
  if (index < 0 || index > kLast)
    raise(Tag::D_REGS_IDX, expr.loc,
          "index " + std::to_string(index) + " is out of range for array uregs");
  return builtin(Builtin::Uregs, out_[at].value, expr.loc);
}

std::vector<ExprId> Checker::key_values(const std::vector<ast::ExprId>& keys, Location loc,
                                        bool structures) {
  const char* what = structures ? "associative array" : "aggregation";
  std::vector<ExprId> values;
  for (size_t i = 0; i < keys.size(); ++i) {
    ExprId key = expression(keys[i]);
    const Type& of = type(key);
    if (of.kind == TypeKind::Array && of.is_char) key = convert(key, out_.types.string_type);
    TypeKind kind = type(key).kind;
    bool structure = structures && type(key).is_sou() && type(key).complete;
    if (!structure && !type(key).is_scalar() && kind != TypeKind::String &&
        kind != TypeKind::Stack && kind != TypeKind::Symbol)
      raise(Tag::D_KEY_TYPE, loc,
            type_name(key) + " expression may not be used as " + what + " index: key #" +
                std::to_string(i + 1));
    values.push_back(key);
  }
  return values;
}

void Checker::match_keys(const std::string& name, std::vector<ExprId>& values,
                         const std::vector<TypeId>& keys, Location loc) {
  if (values.size() != keys.size())
    raise(Tag::D_PROTO_LEN, loc,
          name + "[ ] prototype mismatch: " + std::to_string(values.size()) + " key" +
              (values.size() == 1 ? "" : "s") + " passed, " + std::to_string(keys.size()) +
              " expected");
  for (size_t i = 0; i < keys.size(); ++i) {
    const Type& want = out_.types[keys[i]];
    const Type& have = type(values[i]);
    bool fits = assignable(values[i], keys[i]) || (want.is_scalar() && have.is_scalar());
    if (!fits)
      raise(Tag::D_PROTO_ARG, loc,
            name + "[ ] key #" + std::to_string(i + 1) +
                " is incompatible with prototype:\n\tprototype: " + out_.types.name(keys[i]) +
                "\n\t      key: " + type_name(values[i]));
    values[i] = convert(values[i], keys[i]);
  }
}

ExprId Checker::array_variable(const ast::Expr& expr, VariableId id) {
  std::vector<ExprId> values = key_values(expr.args, expr.loc, true);
  match_keys(out_[id].name, values, std::vector<TypeId>(out_[id].keys), expr.loc);
  ExprId place = variable(id, expr.loc);
  Range range = operands(values);
  out_.exprs[place.value].operands = range;
  return place;
}

bool Checker::is_unknown_variable(ast::ExprId id) {
  const ast::Expr* expr = &tree_[id];
  if (expr->kind == ast::ExprKind::Index) expr = &tree_[expr->a];
  if (expr->kind != ast::ExprKind::Ident) return false;
  if (expr->scope != ast::NameScope::Global)
    return !find_variable(scope_of(expr->scope), expr->text).valid();
  return !find(expr->text) && expr->text.find('`') == std::string::npos;
}

/* The first assignment to a name makes the variable: type and keys are those of that assignment. */
ExprId Checker::create_for_assignment(ast::ExprId id, TypeId type) {
  const ast::Expr& expr = tree_[id];
  const ast::Expr& name = expr.kind == ast::ExprKind::Index ? tree_[expr.a] : expr;
  const Type& of = out_.types[type];
  Scope scope = scope_of(name.scope);
  bool associative = &name != &expr;
  if (of.kind == TypeKind::Void || of.kind == TypeKind::Function || !of.complete)
    raise(Tag::D_OP_INCOMPAT, expr.loc,
          name.text + " may not be assigned a value of type " + out_.types.name(type));
  if (of.kind == TypeKind::Stack || of.kind == TypeKind::Symbol)
    raise(Tag::D_OP_DYN, expr.loc, "stack( ), ustack( ) and sym( ) values may not be assigned");
  if (associative && scope == Scope::This)
    raise(Tag::D_ARR_LOCAL, expr.loc,
          "local variables may not be used as associative arrays: " + name.text);
  if (of.kind == TypeKind::Array && of.is_char) type = out_.types.string_type;
  if (!associative) {
    VariableId made = declare_variable(scope, name.text, type, name.loc);
    pinned_[made.value] = true;
    return variable(made, expr.loc);
  }
  std::vector<ExprId> values = key_values(expr.args, expr.loc, true);
  VariableId made = declare_variable(scope, name.text, type, name.loc);
  pinned_[made.value] = true;
  Variable& variable = out_.variables[made.value];
  variable.associative = true;
  for (ExprId& value : values) {
    /* Integers of all sizes are one kind of key. */
    TypeId key = out_[value].type;
    if (out_.types[key].is_integer())
      key = out_.types[key].is_signed ? out_.types.int64_type : out_.types.uint64_type;
    variable.keys.push_back(key);
    value = convert(value, key);
  }
  ExprId place = this->variable(made, expr.loc);
  Range range = operands(values);
  out_.exprs[place.value].operands = range;
  return place;
}

}  // namespace hp::probec
