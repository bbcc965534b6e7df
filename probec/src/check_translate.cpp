/* Translators: how a structure of D's own interface is made from what a guest has.
 *
 * A translated structure never exists as a whole: xlate <struct out> (e).member is the translator's
 * expression for that member, with its parameter standing for e. Only an assignment of the whole makes
 * one, member by member; members without an expression are zero. */
#include "probec/checker.hpp"

namespace hp::probec {

void Checker::translator(const ast::Translator& decl) {
  Translation made;
  made.decl = &decl;
  made.output = type_of(decl.output);
  const Type& output = out_.types[made.output];
  if (!output.is_sou() || !output.complete)
    raise(Tag::D_XLATE_SOU, decl.loc,
          "translator output type must be a struct or union: " + out_.types.name(made.output));
  made.input = type_of(decl.input);
  if (out_.types[made.input].kind == TypeKind::Void)
    raise(Tag::D_DECL_VOIDOBJ, decl.loc, "translator input may not be void");
  made.names = {decl.parameter};
  for (const Translation& other : translations_)
    if (out_.types.same(other.output, made.output) && out_.types.same(other.input, made.input))
      raise(Tag::D_XLATE_REDECL, decl.loc,
            "translator from " + out_.types.name(made.input) + " to " +
                out_.types.name(made.output) + " has already been declared");
  for (const ast::TranslatorMember& member : decl.members) {
    std::vector<uint32_t> path;
    if (!find_member(made.output, member.name, path))
      raise(Tag::D_XLATE_MEMB, member.loc,
            "translator member " + member.name + " is not a member of " + output.name);
    /* The parameter's stand-in: a place of its type. */
    Expr place;
    place.kind = ExprKind::Dereference;
    place.a = integer(0, out_.types.pointer_to(made.input), member.loc);
    place.type = made.input;
    place.loc = member.loc;
    inlines_.push_back({&made.names, {add(place)}});
    ExprId value = expression(member.value);
    inlines_.pop_back();
    TypeId want = made.output;
    for (uint32_t i : path) want = out_.types[want].members[i].type;
    if (!assignable(value, want) && type(value).kind != TypeKind::Array)
      raise(Tag::D_XLATE_INCOMPAT, member.loc,
            "translator member " + member.name + " definition uses incompatible types: \"" +
                out_.types.name(want) + "\" = \"" + type_name(value) + "\"");
  }
  translations_.push_back(std::move(made));
}

/* The xlate expression that id is, or is an inline's name for; null: neither. */
const ast::Expr* Checker::xlate_expression(ast::ExprId id) {
  const ast::Expr& expr = tree_[id];
  if (expr.kind == ast::ExprKind::Xlate) return &expr;
  if (expr.kind != ast::ExprKind::Ident || expr.scope != ast::NameScope::Global) return nullptr;
  const Symbol* symbol = find(expr.text);
  if (!symbol || symbol->kind != SymbolKind::Inline) return nullptr;
  const ast::Declaration& decl = tree_.declarations[symbol->index];
  return tree_[decl.value].kind == ast::ExprKind::Xlate ? &tree_[decl.value] : nullptr;
}

const Checker::Translation& Checker::find_translation(const ast::Expr& xlate, ExprId input,
                                                      bool& pointer) {
  TypeId output = type_of(xlate.type);
  pointer = out_.types[output].is_pointer();
  if (pointer) output = out_.types[output].target;
  for (bool exact : {true, false})
    for (const Translation& translation : translations_) {
      if (!out_.types.same(translation.output, output)) continue;
      if (exact ? out_.types.same(translation.input, out_[input].type)
                : assignable(input, translation.input))
        return translation;
    }
  raise(Tag::D_XLATE_NONE, xlate.loc,
        "cannot translate from \"" + type_name(input) + "\" to \"" +
            out_.types.name(type_of(xlate.type)) + "\"");
}

ExprId Checker::translate_member(const ast::Expr& xlate, const ast::Expr& member) {
  ExprId input = value(xlate.a);
  bool pointer = false;
  const Translation& translation = find_translation(xlate, input, pointer);
  if (pointer != member.arrow)
    raise(member.arrow ? Tag::D_OP_PTR : Tag::D_OP_SOU, member.loc,
          std::string("operator ") + (member.arrow ? "->" : ".") + " does not fit \"" +
              out_.types.name(type_of(xlate.type)) + "\"");
  std::vector<uint32_t> path;
  if (!find_member(translation.output, member.text, path))
    raise(Tag::D_TYPE_MEMBER, member.loc,
          member.text + " is not a member of " + out_.types.name(translation.output));
  ExprId made = translated(translation, member.text, input);
  if (!made.valid())
    raise(Tag::D_XLATE_NOCONV, member.loc,
          "translator does not define conversion for member: " + member.text);
  TypeId want = translation.output;
  for (uint32_t i : path) want = out_.types[want].members[i].type;
  return type(made).kind == TypeKind::Array ? made : convert(made, want);
}

/* The expression of one member for this input; invalid: the translator has none. */
ExprId Checker::translated(const Translation& translation, const std::string& member,
                           ExprId input) {
  for (const ast::TranslatorMember& candidate : translation.decl->members) {
    if (candidate.name != member) continue;
    if (inlines_.size() > 64)
      raise(Tag::D_CG_EXPR, candidate.loc, "translators are nested too deeply");
    bool same = out_.types.same(translation.input, out_[input].type);
    inlines_.push_back({&translation.names, {same ? input : convert(input, translation.input)}});
    ExprId made = expression(candidate.value);
    inlines_.pop_back();
    return made;
  }
  return {};
}

/* place = xlate <struct out> (e) */
ExprId Checker::assign_translated(ExprId place, const ast::Expr& xlate) {
  ExprId input = value(xlate.a);
  bool pointer = false;
  const Translation& translation = find_translation(xlate, input, pointer);
  if (pointer || !out_.types.same(out_[place].type, translation.output))
    raise(Tag::D_OP_INCOMPAT, xlate.loc,
          "operands have incompatible types: \"" + type_name(place) + "\" = \"" +
              out_.types.name(type_of(xlate.type)) + "\"");
  auto assign = [&](ExprId to, ExprId from) {
    Expr expr;
    expr.kind = ExprKind::Assign;
    expr.loc = xlate.loc;
    expr.type = out_[to].type;
    expr.a = to;
    expr.b = from;
    return add(expr);
  };
  auto then = [&](ExprId first, ExprId second) {
    Expr expr;
    expr.kind = ExprKind::Comma;
    expr.loc = xlate.loc;
    expr.type = out_[second].type;
    expr.a = first;
    expr.b = second;
    return add(expr);
  };
  ExprId all = assign(place, integer(0, out_.types.int_type, xlate.loc));
  for (const ast::TranslatorMember& member : translation.decl->members) {
    ExprId to = member_of(place, member.name, member.loc, ".");
    ExprId from = translated(translation, member.name, input);
    if (type(from).kind == TypeKind::Array) continue; /* arrays are not assigned in D */
    all = then(all, assign(to, convert(from, out_[to].type)));
  }
  return all;
}

}  // namespace hp::probec
