/* Places and what is reached from them: members, elements, pointers, addresses, sizes. */
#include <algorithm>

#include "probec/checker.hpp"
#include "transport/result.hpp"

namespace hp::probec {

ExprId Checker::address_of(ExprId a, Location loc) {
  const Expr& of = out_[a];
  if (is_bit_field(a)) raise(Tag::D_ADDROF_BITFIELD, loc, "cannot take address of bit-field");
  if (!is_place(a)) {
    if (of.kind == ExprKind::BuiltinVar)
      raise(Tag::D_ADDROF_VAR, loc, "cannot take address of dynamic variable");
    raise(Tag::D_ADDROF_LVAL, loc, "unacceptable operand for unary & operator");
  }
  if (of.kind == ExprKind::Variable) {
    /* Only elements of arrays and members of structures have addresses. */
    raise(Tag::D_ADDROF_VAR, loc, "cannot take address of dynamic variable");
  }
  if (ExprId root = root_variable(a); root.valid()) {
    const Variable& variable = out_[out_[root].variable];
    if (variable.associative || variable.scope == Scope::Self)
      raise(Tag::D_ADDROF_VAR, loc, "cannot take address of dynamic object");
  }
  if (of.kind == ExprKind::Dereference) return of.a;
  Expr expr;
  expr.kind = ExprKind::AddressOf;
  expr.loc = loc;
  expr.a = a;
  Space space = space_of(a);
  expr.type = out_.types.pointer_to(of.type, space);
  return add(expr);
}

/* The Variable node that a place is part of; invalid: it lies behind a pointer. */
ExprId Checker::root_variable(ExprId place) const {
  while (out_[place].kind == ExprKind::MemberOf || out_[place].kind == ExprKind::Element)
    place = out_[place].a;
  return out_[place].kind == ExprKind::Variable ? place : ExprId();
}

/* &a[i]: as in C, the address just past the end may be taken. */
ExprId Checker::address_of_element(const ast::Expr& of, Location loc) {
  const ast::Expr& name = tree_[of.a];
  if (name.kind == ast::ExprKind::Aggregation) return address_of(index(of), loc);
  VariableId id = name.kind == ast::ExprKind::Ident ? find_variable(scope_of(name.scope), name.text)
                                                    : VariableId();
  bool plain = name.kind == ast::ExprKind::Ident ? id.valid() && !out_[id].associative : true;
  if (!plain) return address_of(index(of), loc);
  ExprId base = value(of.a);
  ExprId at = value(of.args[0]);
  if (type(base).kind == TypeKind::Array && type(base).complete && type(at).is_integer() &&
      is_constant(at) && out_[at].value == type(base).count) {
    ExprId first = subscript(base, integer(0, out_.types.int64_type, loc), loc);
    return additive(Op::Add, address_of(first, loc), at, loc);
  }
  return address_of(subscript(base, at, of.loc), loc);
}

ExprId Checker::dereference(ExprId a, Location loc) {
  a = decay(a);
  const Type& of = type(a);
  if (of.is_string()) return subscript(a, integer(0, out_.types.int64_type, loc), loc);
  if (!of.is_pointer()) raise(Tag::D_DEREF_NONPTR, loc, "cannot dereference non-pointer type");
  const Type& target = out_.types[of.target];
  if (target.kind == TypeKind::Void)
    raise(Tag::D_DEREF_VOID, loc, "cannot dereference pointer to void");
  if (target.kind == TypeKind::Function)
    raise(Tag::D_DEREF_FUNC, loc, "cannot dereference pointer to function");
  Expr expr;
  expr.kind = ExprKind::Dereference;
  expr.loc = loc;
  expr.a = a;
  expr.type = of.target;
  return add(expr);
}

ExprId Checker::string_of(ExprId a, Location loc) {
  if (!string_like(out_[a].type) && !type(a).is_scalar())
    raise(Tag::D_STRINGOF_TYPE, loc, "cannot apply stringof to a value of type " + type_name(a));
  if (type(a).is_pointer() && !out_.types[type(a).target].is_char)
    a = convert(a, out_.types.pointer_to(out_.types.char_type, type(a).space));
  return convert(a, out_.types.string_type);
}

ExprId Checker::sizeof_value(const ast::Expr& expr) {
  TypeId of;
  if (expr.type.valid()) {
    of = type_of(expr.type);
  } else {
    ExprId a = expression(expr.a);

    if (is_bit_field(a))
      raise(Tag::D_SIZEOF_BITFIELD, expr.loc, "cannot apply sizeof to a bit-field");
    of = out_[a].type;
  }
  const Type& t = out_.types[of];
  if (t.is_string())
    return integer(options_.number(Option::strsize), named_type("size_t"), expr.loc);
  if (t.kind == TypeKind::Void || t.kind == TypeKind::Function || t.kind == TypeKind::Stack ||
      t.kind == TypeKind::Symbol || !t.complete)
    raise(Tag::D_SIZEOF_TYPE, expr.loc, "cannot apply sizeof to an operand of unknown size");
  if (t.from_kernel && !t.kernel_name.empty() && t.size != 0)
    return kernel_size(of, {}, t.size, named_type("size_t"), expr.loc);
  return integer(t.size, named_type("size_t"), expr.loc);
}

/* What depends on the guest's kernel. Where a constant is needed, this kernel's value stands for it. */
ExprId Checker::kernel_size(TypeId of, const std::string& member, uint64_t value, TypeId type,
                            Location loc) {
  Expr expr;
  expr.kind = ExprKind::KernelSize;
  expr.operation_type = of;
  expr.value = value;
  expr.type = type;
  expr.loc = loc;
  if (!member.empty()) expr.string = string(member);
  return add(expr);
}

bool Checker::find_member(TypeId in, const std::string& name, std::vector<uint32_t>& path) {
  const Type& of = out_.types[in];
  for (uint32_t i = 0; i < of.members.size(); ++i) {
    const Member& member = of.members[i];
    path.push_back(i);
    if (member.name == name) return true;
    if (member.name.empty() && out_.types[member.type].is_sou() &&
        find_member(member.type, name, path))
      return true;
    path.pop_back();
  }
  return false;
}

ExprId Checker::offsetof_value(const ast::Expr& expr) {
  TypeId of = type_of(expr.type);
  if (!out_.types[of].is_sou())
    raise(Tag::D_OFFSETOF_TYPE, expr.loc, "offsetof operand must be a struct or union type");
  std::vector<uint32_t> path;
  if (!find_member(of, expr.text, path))
    raise(Tag::D_TYPE_MEMBER, expr.loc,
          "failed to determine offset of " + expr.text + ": Member name not found");
  const TypeId whole = of;
  uint64_t bits = 0;
  for (uint32_t i : path) {
    const Member& member = out_.types[of].members[i];
    if (member.bit_width)
      raise(Tag::D_OFFSETOF_BITFIELD, expr.loc, "cannot take offset of a bit-field: " + expr.text);
    bits += member.bit_offset;
    of = member.type;
  }
  if (const Type& t = out_.types[whole]; t.from_kernel && !t.kernel_name.empty())
    return kernel_size(whole, expr.text, bits / 8, named_type("size_t"), expr.loc);
  return integer(bits / 8, named_type("size_t"), expr.loc);
}

ExprId Checker::member_of(ExprId place, const std::string& name, Location loc, const char* op) {
  const Type& of = type(place);
  if (!of.is_sou())
    raise(Tag::D_OP_SOU, loc,
          std::string("operator ") + op + " cannot be applied to type \"" + type_name(place) +
              "\"; must be applied to a struct or union");
  if (!of.complete)
    raise(Tag::D_OP_INCOMPLETE, loc,
          std::string("operator ") + op + " cannot be applied to a forward declaration: no " +
              of.name + " definition is available");
  std::vector<uint32_t> path;
  if (!find_member(out_[place].type, name, path))
    raise(Tag::D_TYPE_MEMBER, loc, name + " is not a member of " + of.name);
  for (uint32_t i : path) {
    Expr expr;
    expr.kind = ExprKind::MemberOf;
    expr.loc = loc;
    expr.a = place;
    expr.value = i;
    expr.type = type(place).members[i].type;
    place = add(expr);
  }
  return place;
}

ExprId Checker::member(const ast::Expr& expr) {
  /* A name that stands for an integer is one already when the operator is looked at. */
  const Symbol* named = find(expr.text);
  bool constant = named && owner_at(expr.loc) == Owner::Program &&
                  (named->kind == SymbolKind::Constant ||
                   (named->kind == SymbolKind::Inline &&
                    tree_[tree_.declarations[named->index].value].kind == ast::ExprKind::Integer));
  if (constant)
    raise(Tag::D_OP_IDENT, expr.loc,
          std::string("operator ") + (expr.arrow ? "->" : ".") +
              " must be followed by an identifier");
  if (std::optional<Translated> of = translated_value(expr.a)) return translate_member(*of, expr);
  ExprId a = value(expr.a);
  if (expr.arrow) {
    a = decay(a);
    if (!type(a).is_pointer())
      raise(Tag::D_OP_PTR, expr.loc, "operator -> must be applied to a pointer");
    const Type& target = out_.types[type(a).target];
    if (!target.is_sou())
      raise(Tag::D_OP_SOU, expr.loc,
            "operator -> cannot be applied to pointer to type \"" + target.name +
                "\"; must be applied to a struct or union pointer");
    return member_of(dereference(a, expr.loc), expr.text, expr.loc, "->");
  }
  return member_of(a, expr.text, expr.loc, ".");
}

ExprId Checker::index(const ast::Expr& expr) {
  const ast::Expr& name = tree_[expr.a];
  if (name.kind == ast::ExprKind::Aggregation)
    raise(Tag::D_AGG_MDIM, expr.loc,
          "improper attempt to reference multi-dimensional aggregation @" + name.text,
          "write @" + name.text + "[a, b] for two keys");
  if (name.kind == ast::ExprKind::Ident) {
    if (name.scope == ast::NameScope::Global) {
      const Symbol* symbol = find(name.text);
      if (symbol && symbol->kind == SymbolKind::Args) return args_element(expr);
      if (symbol && symbol->kind == SymbolKind::Uregs) return uregs_element(expr);
      if (symbol && symbol->kind == SymbolKind::Inline &&
          tree_[tree_.declarations[symbol->index].type].kind == ast::TypeKind::Assoc)
        return inline_use(*symbol, expr.args, expr.loc, true);
    }
    VariableId id = find_variable(scope_of(name.scope), name.text);
    if (id.valid() && out_[id].associative) return array_variable(expr, id);
  }
  ExprId a = value(expr.a);
  if (expr.args.size() != 1)
    raise(Tag::D_ARR_BADREF, expr.loc,
          "array index must be one integer: " + std::to_string(expr.args.size()) + " given");
  return subscript(a, value(expr.args[0]), expr.loc);
}

ExprId Checker::subscript(ExprId a, ExprId b, Location loc) {
  const Type& of = type(a);
  if (of.kind != TypeKind::Array && !of.is_pointer() && !of.is_string()) {
    if (of.is_integer() && (type(b).is_pointer() || type(b).kind == TypeKind::Array))
      return subscript(b, a, loc);
    return dereference(additive(Op::Add, a, b, loc), loc); /* says why not */
  }
  if (!type(b).is_integer()) return additive(Op::Add, a, b, loc); /* says why not */
  if (of.is_pointer()) return dereference(additive(Op::Add, a, b, loc), loc);
  if (of.kind == TypeKind::Array && of.complete && is_constant(b) && out_[b].value >= of.count &&
      !(out_[a].kind == ExprKind::Variable && out_[out_[a].variable].associative))
    raise(Tag::D_ARR_BOUNDS, loc,
          "index outside array bounds: " + std::to_string(static_cast<int64_t>(out_[b].value)) +
              ", array has " + std::to_string(of.count) + " elements");
  if (of.kind == TypeKind::Array && !of.complete)
    return dereference(additive(Op::Add, decay(a), b, loc), loc);
  Expr expr;
  expr.kind = of.is_string() ? ExprKind::StringChar : ExprKind::Element;
  expr.loc = loc;
  expr.a = a;
  expr.b = convert(b, out_.types.int64_type);
  expr.type = of.is_string() ? out_.types.char_type : of.target;
  return add(expr);
}

}  // namespace hp::probec
