#include "probec/checker.hpp"

#include <algorithm>
#include <utility>

namespace hp::probec {

Checker::Checker(const ast::Tree& tree, const std::vector<Source>& sources, const Options& options,
                 TypeSource* kernel, CheckedProgram& out)
    : tree_(tree), sources_(sources), options_(options), kernel_(kernel), out_(out) {
  static constexpr const char* kBuiltins[] = {
#define HP_BUILTIN(id, name, type) name,
#include "probec/builtins.def"
#undef HP_BUILTIN
  };
  const Version version = options_.version(); /* what came later is not there */
  const auto there = [&](std::string_view name) {
    return stability_of_name(name).since <= version;
  };
  for (uint32_t i = 1; i < std::size(kBuiltins); ++i)
    if (there(kBuiltins[i])) globals_[kBuiltins[i]] = {SymbolKind::Builtin, i, 0, {}};
  for (int i = 0; i < 10; ++i)
    globals_["arg" + std::to_string(i)] = {SymbolKind::Builtin, 0, i, {}};
  globals_["args"] = {SymbolKind::Args, 0, 0, {}};
  globals_["uregs"] = {SymbolKind::Uregs, 0, 0, {}};
  uint32_t function = 1;
#define HP_ACTION(id, name, prototype)                                       \
  if (there(name)) globals_[name] = {SymbolKind::Function, function, 0, {}}; \
  ++function;
#define HP_SUBROUTINE(id, name, prototype) HP_ACTION(id, name, prototype)
/* Aggregating functions have a name space of their own: a variable may be called count. */
#define HP_AGGFUNC(id, name, prototype) \
  if (there(name)) aggregating_[name] = Function::id;

#include "probec/functions.def"
#undef HP_ACTION
#undef HP_SUBROUTINE
#undef HP_AGGFUNC
  /* In variables, arrays and structures a string takes strsize bytes, in words. */
  out_.types.edit(out_.types.string_type).size = (options.number(Option::strsize) + 7) / 8 * 8;
  globals_["string"] = {SymbolKind::Typedef, 0, 0, out_.types.string_type};
  globals_["int64_t"] = {SymbolKind::Typedef, 0, 0, out_.types.int64_type};
  globals_["uint64_t"] = {SymbolKind::Typedef, 0, 0, out_.types.uint64_type};
}

void Checker::check_declarations() {
  for (; next_item_ < tree_.items.size(); ++next_item_) {
    const ast::Item& item = tree_.items[next_item_];
    if (next_item_ >= tree_.library_items) apply_stability_pragmas();
    if (item.kind == ast::ItemKind::Clause) continue;
    region_ = "declaration";
    switch (item.kind) {
      case ast::ItemKind::Declaration: {
        const ast::Declaration& decl = tree_.declarations[item.index];
        declaration(decl, item.index);
        if (owner_at(decl.loc) == Owner::Program) own_names_.insert(decl.name);
        break;
      }
      case ast::ItemKind::Translator:
        translator(tree_.translators[item.index]);
        break;
      case ast::ItemKind::Provider:
        provider(tree_.providers[item.index]);
        break;
      case ast::ItemKind::Clause:
        break;
    }
    region_ = "";
  }
}

void Checker::check_clauses() {
  check_declarations();
  apply_stability_pragmas();
  for (; next_clause_ < tree_.clauses.size(); ++next_clause_) clause(tree_.clauses[next_clause_]);
  region_ = "";
}

void Checker::check_called(const std::string& name, Location loc) {
  if (aggregating_.contains(name)) return;
  const Symbol* symbol = find(name);
  if (!symbol)
    raise(Tag::D_FUNC_UNDEF, loc, "undefined function name: " + name, similar_name(name, true));
  if (symbol->kind != SymbolKind::Function && symbol->kind != SymbolKind::Inline)
    raise(Tag::D_FUNC_IDKIND, loc,
          kind_name(*symbol) + " '" + name + "' may not be referenced as a function");
}

void Checker::declaration(const ast::Declaration& decl, uint32_t index) {
  using ast::Storage;
  if (decl.name.empty()) {
    const ast::Type& type = tree_[decl.type];
    bool named = type.kind == ast::TypeKind::Struct || type.kind == ast::TypeKind::Union ||
                 type.kind == ast::TypeKind::Enum;
    if (!named || decl.storage != Storage::None || (type.name.empty() && type.enumerators.empty()))
      raise(Tag::D_DECL_USELESS, decl.loc, "useless declaration");
    (void)type_of(decl.type);
    return;
  }
  if (decl.is_inline) {
    if (decl.storage != Storage::None)
      raise(Tag::D_DECL_BADCLASS, decl.loc,
            "specified storage class not appropriate for inline declaration");
    const ast::Type& type = tree_[decl.type];
    bool takes = type.kind == ast::TypeKind::Assoc || type.kind == ast::TypeKind::Function;
    if (takes) check_prototype(type, "inline", PrototypeRules{.named = true});
    TypeId result = type_of(takes ? type.target : decl.type);
    if (out_.types[result].kind == TypeKind::Void)
      raise(Tag::D_DECL_VOIDOBJ, decl.loc, "cannot declare void inline: " + decl.name);
    const Symbol* before = find(decl.name);
    if (before && before->owner != Owner::C)
      raise(Tag::D_DECL_IDRED, decl.loc, "identifier redeclared: " + decl.name);
    const Attributes around = std::exchange(least_, kMostStable);
    check_inline(decl, result);
    declared_.try_emplace(decl.name, least_); /* unless a #pragma says what it is */
    least_ = around;
    define(decl.name, {SymbolKind::Inline, index, 0, result}, decl.loc);
    return;
  }
  switch (decl.storage) {
    case Storage::Typedef: {
      TypeId type = type_of(decl.type);
      const Symbol* before = find(decl.name);
      bool anew = before && before->owner == Owner::C && owner_at(decl.loc) != Owner::C;
      if (before && !anew && owner_at(decl.loc) != Owner::C)
        raise(Tag::D_DECL_IDRED, decl.loc,
              (before->kind == SymbolKind::Typedef ? "typedef redeclared: "
                                                   : "global variable identifier redeclared: ") +
                  decl.name);
      if (before && !anew) return;
      define(decl.name, {SymbolKind::Typedef, 0, 0, out_.types.add_typedef(decl.name, type)},
             decl.loc);
      return;
    }
    case Storage::Auto:
    case Storage::Register:
    case Storage::Static:
      raise(Tag::D_DECL_BADCLASS, decl.loc, "specified storage class not appropriate in D");
    default:
      break;
  }
  Scope scope = decl.storage == Storage::Self   ? Scope::Self
                : decl.storage == Storage::This ? Scope::This
                                                : Scope::Global;
  const ast::Type& type = tree_[decl.type];
  if (type.kind == ast::TypeKind::Function) {
    (void)type_of(decl.type);
    return; /* a prototype: D has no functions of a program's own, calls find none */
  }
  bool associative = type.kind == ast::TypeKind::Assoc;
  if (associative && scope == Scope::This)
    raise(Tag::D_DECL_LOCASSC, decl.loc, "cannot declare local associative array: " + decl.name);
  if (type.kind == ast::TypeKind::Array && !type.size.valid())
    raise(Tag::D_DECL_ARRNULL, decl.loc,
          "array declaration requires array dimension or tuple signature: " + decl.name);
  if (associative) check_prototype(type, "array", {});
  TypeId of = object_type(associative ? type.target : decl.type, decl.loc);
  std::vector<TypeId> keys;
  if (associative)
    for (ast::TypeId key : type.parameters) {
      TypeId id = type_of(key);
      const Type& k = out_.types[id];
      if (!k.is_scalar() && !k.is_string() && !(k.is_sou() && k.complete))
        raise(Tag::D_DECL_PROTO_TYPE, decl.loc,
              "array prototype may not use parameter of type " + out_.types.name(id));
      if (k.is_integer()) id = k.is_signed ? out_.types.int64_type : out_.types.uint64_type;
      keys.push_back(id);
    }
  VariableId known = find_variable(scope, decl.name);
  if (known.valid()) {
    const Variable& variable = out_[known];
    if (!out_.types.same(variable.type, of) || variable.associative != associative ||
        !std::equal(variable.keys.begin(), variable.keys.end(), keys.begin(), keys.end(),
                    [&](TypeId a, TypeId b) { return out_.types.same(a, b); }))
      raise(Tag::D_DECL_IDRED, decl.loc, "identifier redeclared: " + decl.name);
    return;
  }
  const Symbol* before = scope == Scope::Global ? find(decl.name) : nullptr;
  if (before && before->owner != Owner::C) {
    if (decl.storage == Storage::Extern) return; /* of a built-in */
    raise(Tag::D_DECL_IDRED, decl.loc,
          (before->kind == SymbolKind::Builtin || before->kind == SymbolKind::Args
               ? "built-in identifier redeclared: "
           : before->kind == SymbolKind::Typedef ? "typedef identifier redeclared: "
                                                 : "identifier redeclared: ") +
              decl.name);
  }
  VariableId made = declare_variable(scope, decl.name, of, decl.loc);
  out_.variables[made.value].associative = associative;
  out_.variables[made.value].keys = std::move(keys);
}

/* The rules of a list of parameters: of a function, an array's keys, an inline, a probe. Returns how many
 * there are. */
size_t Checker::check_prototype(const ast::Type& list, const char* kind, PrototypeRules rules) {
  if (list.varargs && !rules.varargs)
    raise(Tag::D_DECL_PROTO_VARARGS, list.loc,
          std::string(kind) + " prototype may not use a variable-length argument list");
  bool has_void = false;
  for (size_t i = 0; i < list.parameters.size(); ++i) {
    const std::string& name = list.parameter_names[i];
    std::string number = std::to_string(i + 1);
    auto refuse_type = [&](const std::string& type) {
      raise(Tag::D_DECL_PROTO_TYPE, list.loc,
            std::string(kind) + " prototype may not use parameter of type " + type + ": " +
                (name.empty() ? "(anonymous)" : name) + ", parameter #" + number);
    };
    if (tree_[list.parameters[i]].kind == ast::TypeKind::Assoc) refuse_type("<DYN>");
    bool is_void = out_.types[type_of(list.parameters[i])].kind == TypeKind::Void;
    has_void |= is_void;
    if (is_void && !rules.may_be_void) refuse_type("void");
    if (is_void && !name.empty())
      raise(Tag::D_DECL_PROTO_NAME, list.loc, "void parameter may not have a name: " + name);
    if (!is_void && name.empty() && rules.named)
      raise(Tag::D_DECL_PROTO_NAME, list.loc,
            "parameter declaration requires a name: parameter #" + number);
    if (!name.empty() && rules.formals &&
        std::find(rules.formals->begin(), rules.formals->end(), name) == rules.formals->end())
      raise(Tag::D_DECL_PROTO_FORM, list.loc,
            "parameter is not declared in " + std::string(kind) + " prototype: " + name +
                ", parameter #" + number);
  }
  if (has_void && list.parameters.size() > 1)
    raise(Tag::D_DECL_PROTO_VOID, list.loc,
          "void must be sole parameter in a " + std::string(kind) + " declaration");
  return has_void ? 0 : list.parameters.size();
}

/* The definition is checked where it stands: it may not use its own name. */
void Checker::check_inline(const ast::Declaration& decl, TypeId result) {
  const ast::Type& type = tree_[decl.type];
  InlineFrame frame{&type.parameter_names, {}};
  for (ast::TypeId parameter : type.parameters) {
    Expr any;
    any.kind = ExprKind::BuiltinVar;
    any.type = object_type(parameter, decl.loc);
    any.loc = decl.loc;
    frame.values.push_back(add(any));
  }
  inlines_.push_back(std::move(frame));
  if (std::optional<Translated> made = translated_value(decl.value)) {
    inlines_.pop_back();
    if (!out_.types.same(made->type, result))
      raise(Tag::D_OP_INCOMPAT, decl.loc,
            "inline " + decl.name + " definition uses incompatible types: \"" +
                out_.types.name(result) + "\" = \"" + out_.types.name(made->type) + "\"");
    return;
  }
  ExprId value = expression(decl.value);
  inlines_.pop_back();
  if (!assignable(value, result))
    raise(Tag::D_OP_INCOMPAT, decl.loc,
          "inline " + decl.name + " definition uses incompatible types: \"" +
              out_.types.name(result) + "\" = \"" + type_name(value) + "\"");
}

void Checker::aggregation_statement(const ast::Expr& expr) {
  raise(Tag::D_AGG_NULL, expr.loc, "expression has null effect: @" + expr.text,
        "assign it an aggregating function: @" + expr.text + " = count();");
}

StmtId Checker::add(Stmt stmt) {
  out_.stmts.push_back(stmt);
  return StmtId(out_.stmts.size() - 1);
}

void Checker::append(Block& block, Stmt stmt) {
  stmt.number = statement_number_;
  block.stmts.push_back(add(stmt));
}

void Checker::clause(const ast::Clause& clause) {
  clause_ = &clause;
  statement_number_ = 0;
  speculated_ = committed_ = recorded_ = false;
  Clause made;
  made.descs = clause.descs;
  made.loc = clause.loc;
  start_stability(clause, made);
  made.has_body = std::any_of(clause.body.begin(), clause.body.end(), /* { } is as good as none */
                              [&](ast::StmtId s) { return tree_[s].kind != ast::StmtKind::Empty; });
  if (clause.predicate.valid()) {
    region_ = "predicate";
    made.predicate = condition(expression(clause.predicate), clause.loc, Tag::D_PRED_SCALAR,
                               "predicate result must be of scalar type");
  }
  region_ = "action list";
  made.body = block(clause.body);
  made.statements = made.has_body ? least_ : minimum(least_, kStableCommon);
  made.speculates = speculated_;
  made.commits = committed_;
  made.text_first = static_cast<uint32_t>(out_.source_text.size());
  const Source& source = sources_[clause.loc.source];
  if (clause.loc.offset < clause.end && clause.end <= source.text.size())
    out_.source_text += source.text.substr(clause.loc.offset, clause.end - clause.loc.offset);
  made.text_size = static_cast<uint32_t>(out_.source_text.size()) - made.text_first;
  out_.source_text += "\n";
  out_.clauses.push_back(std::move(made));
  clause_ = nullptr;
}

BlockId Checker::block(const std::vector<ast::StmtId>& stmts) {
  Block made;
  for (ast::StmtId id : stmts) statement(id, made);
  out_.blocks.push_back(std::move(made));
  return BlockId(out_.blocks.size() - 1);
}

void Checker::statement(ast::StmtId id, Block& block) {
  const ast::Stmt& stmt = tree_[id];
  if (stmt.kind == ast::StmtKind::Empty) return;
  ++statement_number_;
  if (stmt.kind == ast::StmtKind::If) {
    Stmt made;
    made.kind = StmtKind::If;
    made.loc = stmt.loc;
    made.number = statement_number_;
    made.expr = condition(value(stmt.expr), stmt.loc, Tag::D_PRED_SCALAR,
                          "condition must be of scalar type");
    /* Either branch may record; both start from the same state. */
    bool spec = speculated_, comm = committed_, rec = recorded_;
    made.then_block = this->block(stmt.then_block);
    if (!stmt.else_block.empty()) {
      std::swap(spec, speculated_);
      std::swap(comm, committed_);
      std::swap(rec, recorded_);
      made.else_block = this->block(stmt.else_block);
      speculated_ |= spec;
      committed_ |= comm;
      recorded_ |= rec;
    }
    block.stmts.push_back(add(made));
    return;
  }
  const ast::Expr& expr = tree_[stmt.expr];
  if (expr.kind == ast::ExprKind::Aggregation) aggregation_statement(expr);
  if (expr.kind == ast::ExprKind::Assign && tree_[expr.a].kind == ast::ExprKind::Index &&
      tree_[tree_[expr.a].a].kind == ast::ExprKind::Aggregation)
    (void)index(tree_[expr.a]); /* says so */
  if (expr.kind == ast::ExprKind::Assign && tree_[expr.a].kind == ast::ExprKind::Aggregation)
    return aggregate(expr, block);
  if (expr.kind == ast::ExprKind::Call) {
    const Symbol* symbol = find(expr.text);
    if (symbol && symbol->kind == SymbolKind::Function) {
      auto function = static_cast<Function>(symbol->index);
      if (is_action(function)) return action(function, expr, block);
      /* stack(), ustack(), sym() ... record themselves. */
      const Prototype& proto = prototype(function);
      if (proto.stack || proto.symbol) {
        Stmt made;
        made.kind = StmtKind::Action;
        made.action = Function::Trace;
        made.loc = expr.loc;
        made.operands = operands({call(expr)});
        recording(Function::Trace, expr.loc);
        append(block, made);
        return;
      }
    }
  }
  Stmt made;
  made.kind = StmtKind::Expression;
  made.loc = stmt.loc;
  made.expr = expression(stmt.expr);
  forbid_action(made.expr, expr.loc, {});
  append(block, made);
}

}  // namespace hp::probec
