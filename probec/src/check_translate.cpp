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
    /* Those of the standard libraries are sound, and may need a kernel's types, which cost time to read and
     * may not be there: each is checked where it is used. */
    if (sources_[decl.loc.source].name.starts_with("probec/")) continue;
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

const Checker::Translation* Checker::look_up_translation(TypeId from, TypeId to) const {
  for (const Translation& translation : translations_)
    if (out_.types.same(translation.output, to) && out_.types.same(translation.input, from))
      return &translation;
  return nullptr;
}

Checker::Translated Checker::translate(const ast::Expr& xlate, ExprId input) {
  Translated made{nullptr, input, type_of(xlate.type), false};
  made.pointer = out_.types[made.type].is_pointer();
  TypeId output = made.pointer ? out_.types[made.type].target : made.type;
  made.translation = look_up_translation(out_[input].type, output);
  for (const Translation& translation : translations_) {
    if (made.translation) break;
    if (out_.types.same(translation.output, output) && assignable(input, translation.input))
      made.translation = &translation;
  }
  if (!made.translation)
    raise(Tag::D_XLATE_NONE, xlate.loc,
          "cannot translate from \"" + type_name(input) + "\" to \"" + out_.types.name(made.type) +
              "\"");
  return made;
}

/* What id stands for, if that is a translator's: an xlate expression, an inline's name for one, a
 * translated argument of the probe, a member that is one, or *p of one that is a pointer. */
std::optional<Checker::Translated> Checker::translated_value(ast::ExprId id) {
  const ast::Expr& expr = tree_[id];
  switch (expr.kind) {
    case ast::ExprKind::Xlate:
      return translate(expr, value(expr.a));
    case ast::ExprKind::Ident:
    case ast::ExprKind::Call: {
      if (expr.scope != ast::NameScope::Global) return std::nullopt;
      const Symbol* symbol = find(expr.text);
      if (!symbol || symbol->kind != SymbolKind::Inline) return std::nullopt;
      return translated_inline(*symbol, expr.args, expr.loc);
    }
    case ast::ExprKind::Index: {
      const ast::Expr& name = tree_[expr.a];
      if (name.kind != ast::ExprKind::Ident || name.scope != ast::NameScope::Global)
        return std::nullopt;
      const Symbol* symbol = find(name.text);
      if (symbol && symbol->kind == SymbolKind::Inline)
        return translated_inline(*symbol, expr.args, expr.loc);
      if (!symbol || symbol->kind != SymbolKind::Args) return std::nullopt;
      ProbeArgument argument = probe_argument(expr);
      if (!argument.translation || argument.scalar) return std::nullopt;
      return Translated{argument.translation, native_argument(argument, expr.loc), argument.output,
                        out_.types[argument.output].is_pointer()};
    }
    case ast::ExprKind::Unary: {
      if (expr.unary != ast::UnaryOp::Dereference) return std::nullopt;
      std::optional<Translated> of = translated_value(expr.a);
      if (!of || !of->pointer) return std::nullopt;
      of->pointer = false;
      of->type = of->translation->output;
      return of;
    }
    case ast::ExprKind::Member: {
      std::optional<Translated> of = translated_value(expr.a);
      if (!of) return std::nullopt;
      for (const ast::TranslatorMember& member : of->translation->decl->members) {
        if (member.name != expr.text) continue;
        ExprId input = bound(of->input, of->translation->input);
        inlines_.push_back({&of->translation->names, {input}});
        std::optional<Translated> made = translated_value(member.value);
        inlines_.pop_back();
        return made;
      }
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

std::optional<Checker::Translated> Checker::translated_inline(const Symbol& symbol,
                                                              const std::vector<ast::ExprId>& args,
                                                              Location loc) {
  const ast::Declaration& decl = tree_.declarations[symbol.index];
  ast::ExprKind kind = tree_[decl.value].kind;
  if (kind != ast::ExprKind::Xlate && kind != ast::ExprKind::Ident && kind != ast::ExprKind::Call &&
      kind != ast::ExprKind::Index)
    return std::nullopt;
  if (inlines_.size() > 64) raise(Tag::D_CG_EXPR, loc, "inlines are nested too deeply");
  const ast::Type& type = tree_[decl.type];
  bool takes = type.kind == ast::TypeKind::Assoc || type.kind == ast::TypeKind::Function;
  if (takes != !args.empty()) return std::nullopt; /* the other path has the message */
  inlines_.push_back(inline_frame(decl, args, loc));
  std::optional<Translated> made = translated_value(decl.value);
  inlines_.pop_back();
  return made;
}

ExprId Checker::translate_member(const Translated& value, const ast::Expr& member) {
  const Translation& translation = *value.translation;
  if (value.pointer != member.arrow)
    raise(member.arrow ? Tag::D_OP_PTR : Tag::D_OP_SOU, member.loc,
          std::string("operator ") + (member.arrow ? "->" : ".") + " does not fit \"" +
              out_.types.name(value.type) + "\"");
  std::vector<uint32_t> path;
  if (!find_member(translation.output, member.text, path))
    raise(Tag::D_TYPE_MEMBER, member.loc,
          member.text + " is not a member of " + out_.types.name(translation.output));
  ExprId made = translated(translation, member.text, value.input);
  if (!made.valid())
    raise(Tag::D_XLATE_NOCONV, member.loc,
          "translator does not define conversion for member: " + member.text);
  TypeId want = translation.output;
  for (uint32_t i : path) want = out_.types[want].members[i].type;
  return type(made).kind == TypeKind::Array ? made : bound(made, want);
}

/* The expression of one member for this input; invalid: the translator has none. */
ExprId Checker::translated(const Translation& translation, const std::string& member,
                           ExprId input) {
  for (const ast::TranslatorMember& candidate : translation.decl->members) {
    if (candidate.name != member) continue;
    if (inlines_.size() > 64)
      raise(Tag::D_CG_EXPR, candidate.loc, "translators are nested too deeply");
    bool same = out_.types.same(translation.input, out_[input].type);
    inlines_.push_back({&translation.names, {same ? input : bound(input, translation.input)}});
    ExprId made = expression(candidate.value);
    inlines_.pop_back();
    return made;
  }
  return {};
}

/* place = xlate <struct out> (e) */
ExprId Checker::assign_translated(ExprId place, const Translated& value, Location loc) {
  const Translation& translation = *value.translation;
  ExprId input = value.input;
  if (value.pointer)
    raise(Tag::D_CG_DYN, loc, "expression cannot evaluate to result of dynamic type",
          "a translated pointer points to nothing: use a member of it");
  if (!out_.types.same(out_[place].type, translation.output))
    raise(Tag::D_OP_INCOMPAT, loc,
          "operands have incompatible types: \"" + type_name(place) + "\" = \"" +
              out_.types.name(value.type) + "\"");
  auto assign = [&](ExprId to, ExprId from) {
    Expr expr;
    expr.kind = ExprKind::Assign;
    expr.loc = loc;
    expr.type = out_[to].type;
    expr.a = to;
    expr.b = from;
    return add(expr);
  };
  auto then = [&](ExprId first, ExprId second) {
    Expr expr;
    expr.kind = ExprKind::Comma;
    expr.loc = loc;
    expr.type = out_[second].type;
    expr.a = first;
    expr.b = second;
    return add(expr);
  };
  ExprId all = assign(place, integer(0, out_.types.int_type, loc));
  for (const ast::TranslatorMember& member : translation.decl->members) {
    ExprId to = member_of(place, member.name, member.loc, ".");
    ExprId from = translated(translation, member.name, input);
    if (type(from).kind == TypeKind::Array) continue; /* arrays are not assigned in D */
    all = then(all, assign(to, convert(from, out_[to].type)));
  }
  return all;
}

}  // namespace hp::probec
