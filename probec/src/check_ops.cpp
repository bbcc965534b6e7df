/* Operators. */
#include <algorithm>

#include "probec/checker.hpp"
#include "transport/result.hpp"

namespace hp::probec {

bool is_action(Function function);

const char* spelling_of(Op op) {
  switch (op) {
    case Op::Add:
      return "+";
    case Op::Subtract:
      return "-";
    case Op::Multiply:
      return "*";
    case Op::Divide:
      return "/";
    case Op::Remainder:
      return "%";
    case Op::ShiftLeft:
      return "<<";
    case Op::ShiftRight:
      return ">>";
    case Op::BitAnd:
      return "&";
    case Op::BitOr:
      return "|";
    case Op::BitXor:
      return "^";
    case Op::Equal:
      return "==";
    case Op::NotEqual:
      return "!=";
    case Op::Less:
      return "<";
    case Op::LessEqual:
      return "<=";
    case Op::Greater:
      return ">";
    case Op::GreaterEqual:
      return ">=";
    case Op::And:
      return "&&";
    case Op::Or:
      return "||";
    case Op::Xor:
      return "^^";
    case Op::Negate:
      return "-";
    case Op::BitNot:
      return "~";
    case Op::LogicalNot:
      return "!";
    case Op::None:
      return "=";
  }
  return "";
}

ExprId Checker::expression(ast::ExprId id) {
  const ast::Expr& expr = tree_[id];
  switch (expr.kind) {
    case ast::ExprKind::Integer: {
      const ast::IntegerForm& form = expr.integer;
      bool wide = form.longs > 0;
      uint64_t v = expr.value;
      TypeTable& types = out_.types;
      if (form.character) return integer(v, types.int_type, expr.loc);
      bool may_be_unsigned = form.is_unsigned || !form.decimal;
      TypeId of;
      if (!wide && !form.is_unsigned && v <= INT32_MAX)
        of = types.int_type;
      else if (!wide && may_be_unsigned && v <= UINT32_MAX)
        of = types.uint_type;
      else if (!form.is_unsigned && v <= INT64_MAX)
        of = form.longs == 2 ? types.longlong_type : types.long_type;
      else
        of = form.longs == 2 ? types.ulonglong_type : types.ulong_type;
      return integer(v, of, expr.loc);
    }
    case ast::ExprKind::String: {
      std::string text = expr.text;
      uint64_t most = options_.number(Option::strsize) - 1;
      if (text.size() > most) text.resize(most);
      Expr literal;
      literal.kind = ExprKind::String;
      literal.type = out_.types.string_type;
      literal.loc = expr.loc;
      literal.string = string(std::move(text));
      return add(literal);
    }
    case ast::ExprKind::Ident:
      return identifier(expr);
    case ast::ExprKind::Aggregation: {
      /* Typed void: every operator refuses it in its own words. */
      if (!find_aggregation(expr.text).valid())
        raise(Tag::D_IDENT_UNDEF, expr.loc,
              "failed to resolve @" + expr.text + ": Unknown variable name");
      Expr made;
      made.kind = ExprKind::Call;
      made.loc = expr.loc;
      made.type = out_.types.void_type;
      return add(made);
    }
    case ast::ExprKind::Unary:
      return unary(expr);
    case ast::ExprKind::Sizeof:
      return sizeof_value(expr);
    case ast::ExprKind::Offsetof:
      return offsetof_value(expr);
    case ast::ExprKind::Stringof:
      return string_of(value(expr.a), expr.loc);
    case ast::ExprKind::Cast: {
      TypeId to = type_of(expr.type);
      ExprId a = expression(expr.a);
      if (!castable(a, to))
        raise(Tag::D_CAST_INVAL, expr.loc,
              "invalid cast expression: (" + out_.types.name(to) + ") " + type_name(a));
      forbid_action(a, expr.loc);
      const Type& want = out_.types[to];
      const Type& have = type(a);
      /* A cast between pointers stays in the address space that the value points into. */
      if (want.is_pointer() && want.space == Space::Kernel) {
        Space space = have.is_pointer()              ? have.space
                      : have.kind == TypeKind::Array ? space_of(a)
                      : have.is_string()             ? Space::Host
                                                     : Space::Kernel;
        if (space != Space::Kernel) to = out_.types.pointer_to(want.target, space);
      }
      ExprId result = convert(a, to);
      if (is_place(result) && result == a) {
        /* (int)x is a value, not the place x. */
        if (want.is_scalar())
          return convert_node(a, to, want.is_pointer() ? Conversion::Pointer : Conversion::Integer);
      }
      return result;
    }
    case ast::ExprKind::Xlate: {
      bool pointer = false;
      (void)find_translation(expr, value(expr.a), pointer);
      raise(Tag::D_CG_DYN, expr.loc, "expression cannot evaluate to result of a translator type",
            "use a member of it, or assign it to a variable of that structure");
    }
    case ast::ExprKind::PreIncrement:
    case ast::ExprKind::PreDecrement:
    case ast::ExprKind::PostIncrement:
    case ast::ExprKind::PostDecrement:
      return increment(expr);
    case ast::ExprKind::Binary:
      return binary(expr);
    case ast::ExprKind::Assign:
      return assign(expr);
    case ast::ExprKind::Conditional:
      return conditional(expr);
    case ast::ExprKind::Comma: {
      Expr comma;
      comma.kind = ExprKind::Comma;
      comma.loc = expr.loc;
      comma.a = expression(expr.a);
      comma.b = expression(expr.b);
      forbid_action(comma.a, expr.loc);
      forbid_action(comma.b, expr.loc);
      comma.type = out_[comma.b].type;
      return add(comma);
    }
    case ast::ExprKind::Call:
      return call(expr);
    case ast::ExprKind::Index:
      return index(expr);
    case ast::ExprKind::Member:
      return member(expr);
  }
  HP_CHECK(false);
}

ExprId Checker::value(ast::ExprId id) {
  ExprId made = expression(id);
  if (type(made).kind == TypeKind::Function)
    raise(Tag::D_OP_ARRFUN, tree_[id].loc, "a function may not be used as a value");
  return made;
}

bool Checker::acts(ExprId a) const {
  const Expr& expr = out_[a];
  return expr.kind == ExprKind::Call &&
         (expr.function == Function::None || is_action(expr.function));
}

void Checker::forbid_action(ExprId a, Location loc) {
  if (!acts(a)) return;
  Function function = out_[a].function;
  if (function == Function::None)
    raise(Tag::D_OP_DYN, loc, "an aggregation may not be used as an operand",
          "an aggregation is read with printa()");
  raise(Tag::D_OP_ACT, loc,
        std::string(name_of(function)) + "( ) is an action: it may not be used in an expression");
}

ExprId Checker::condition(ExprId a, Location loc, Tag tag, const char* what) {
  if (!type(a).is_scalar()) raise(tag, loc, what);
  return a;
}

ExprId Checker::unary(const ast::Expr& expr) {
  if (expr.unary == ast::UnaryOp::AddressOf) {
    const ast::Expr& of = tree_[expr.a];
    if (of.kind == ast::ExprKind::Index && of.args.size() == 1)
      return address_of_element(of, expr.loc);
    ExprId a = expression(expr.a);
    if (acts(a)) raise(Tag::D_ADDROF_VAR, expr.loc, "cannot take address of dynamic variable");
    return address_of(a, expr.loc);
  }
  ExprId a = value(expr.a);
  Expr made;
  made.kind = ExprKind::Unary;
  made.loc = expr.loc;
  switch (expr.unary) {
    case ast::UnaryOp::Dereference:
      return dereference(a, expr.loc);
    case ast::UnaryOp::LogicalNot: {
      a = condition(a, expr.loc, Tag::D_OP_SCALAR, "operator ! requires an operand of scalar type");
      if (is_constant(a)) return integer(out_[a].value == 0, out_.types.int_type, expr.loc);
      made.op = Op::LogicalNot;
      made.type = out_.types.int_type;
      made.a = a;
      return add(made);
    }
    case ast::UnaryOp::BitNot:
      if (!type(a).is_integer())
        raise(Tag::D_OP_INT, expr.loc, "operator ~ requires an operand of integral type");
      made.op = Op::BitNot;
      break;
    default:
      if (!type(a).is_integer())
        raise(Tag::D_OP_ARITH, expr.loc,
              std::string("operator ") + (expr.unary == ast::UnaryOp::Plus ? "+" : "-") +
                  " requires an operand of arithmetic type");
      made.op = expr.unary == ast::UnaryOp::Plus ? Op::None : Op::Negate;
  }
  a = promote(a);
  if (is_constant(a)) {
    uint64_t v = out_[a].value;
    v = made.op == Op::Negate ? 0 - v : made.op == Op::BitNot ? ~v : v;
    return integer(v, out_[a].type, expr.loc);
  }
  if (made.op == Op::None)
    return is_place(a) ? convert_node(a, out_[a].type, Conversion::Integer) : a;
  made.a = a;
  made.type = out_[a].type;
  return add(made);
}

ExprId Checker::address_of(ExprId a, Location loc) {
  const Expr& of = out_[a];
  if (is_bit_field(a))
    raise(Tag::D_ADDROF_BITFIELD, loc,
          "cannot take address of bit-field: " + out_.type_of(of.a).members[of.value].name);
  if (!is_place(a)) {
    if (of.kind == ExprKind::BuiltinVar)
      raise(Tag::D_ADDROF_VAR, loc, "cannot take address of dynamic variable: built-in");
    raise(Tag::D_ADDROF_LVAL, loc, "unary & operator requires an lvalue operand");
  }
  if (of.kind == ExprKind::Variable) {
    /* Only elements of arrays and members of structures have addresses. */
    raise(Tag::D_ADDROF_VAR, loc,
          "cannot take address of dynamic variable: " + out_[of.variable].name);
  }
  if (ExprId root = root_variable(a); root.valid()) {
    const Variable& variable = out_[out_[root].variable];
    if (variable.associative || variable.scope == Scope::Self)
      raise(Tag::D_ADDROF_VAR, loc, "cannot take address of dynamic variable: " + variable.name);
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
  if (!string_like(out_[a].type) && !type(a).is_integer() &&
      !(type(a).is_pointer() && out_.types[type(a).target].kind == TypeKind::Void))
    raise(Tag::D_STRINGOF_TYPE, loc, "cannot apply stringof( ) to a value of type " + type_name(a));
  if (type(a).is_pointer() && !out_.types[type(a).target].is_char)
    a = convert(a, out_.types.pointer_to(out_.types.char_type, type(a).space));
  return convert(a, out_.types.string_type);
}

ExprId Checker::sizeof_value(const ast::Expr& expr) {
  TypeId of;
  if (expr.type.valid()) {
    of = type_of(expr.type);
  } else {
    size_t exprs = out_.exprs.size();
    ExprId a = expression(expr.a);
    (void)exprs;
    if (is_bit_field(a))
      raise(Tag::D_SIZEOF_BITFIELD, expr.loc, "cannot apply sizeof to a bit-field");
    of = out_[a].type;
  }
  const Type& t = out_.types[of];
  if (t.is_string())
    return integer(options_.number(Option::strsize), named_type("size_t"), expr.loc);
  if (t.kind == TypeKind::Void || t.kind == TypeKind::Function || t.kind == TypeKind::Stack ||
      t.kind == TypeKind::Symbol || !t.complete)
    raise(Tag::D_SIZEOF_TYPE, expr.loc,
          "cannot apply sizeof to an operand of unknown size: " + out_.types.name(of));
  return integer(t.size, named_type("size_t"), expr.loc);
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
          "failed to determine offset of " + out_.types.name(of) + "." + expr.text +
              ": No such member");
  uint64_t bits = 0;
  for (uint32_t i : path) {
    const Member& member = out_.types[of].members[i];
    if (member.bit_width)
      raise(Tag::D_OFFSETOF_BITFIELD, expr.loc, "cannot take offset of a bit-field: " + expr.text);
    bits += member.bit_offset;
    of = member.type;
  }
  return integer(bits / 8, named_type("size_t"), expr.loc);
}

ExprId Checker::member_of(ExprId place, const std::string& name, Location loc, const char* op) {
  const Type& of = type(place);
  if (!of.is_sou())
    raise(Tag::D_OP_SOU, loc,
          std::string("operator ") + op + " cannot be applied to a value of type " +
              type_name(place) + "; it requires a struct or union");
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
  if (const ast::Expr* xlate = xlate_expression(expr.a)) return translate_member(*xlate, expr);
  ExprId a = value(expr.a);
  if (expr.arrow) {
    a = decay(a);
    if (!type(a).is_pointer())
      raise(Tag::D_OP_PTR, expr.loc, "operator -> must be applied to a pointer");
    const Type& target = out_.types[type(a).target];
    if (!target.is_sou())
      raise(Tag::D_OP_SOU, expr.loc,
            "operator -> cannot be applied to a pointer to type " + target.name +
                "; it requires a pointer to a struct or union");
    return member_of(dereference(a, expr.loc), expr.text, expr.loc, "->");
  }
  if (type(a).is_pointer())
    raise(Tag::D_OP_SOU, expr.loc, "operator . cannot be applied to a pointer; use ->");
  return member_of(a, expr.text, expr.loc, ".");
}

ExprId Checker::index(const ast::Expr& expr) {
  const ast::Expr& name = tree_[expr.a];
  if (name.kind == ast::ExprKind::Aggregation)
    raise(Tag::D_AGG_MDIM, expr.loc,
          "improper use of [ ]: aggregation @" + name.text + " has several sets of keys",
          "write @" + name.text + "[a, b] for two keys");
  if (name.kind == ast::ExprKind::Ident) {
    if (name.scope == ast::NameScope::Global) {
      const Symbol* symbol = find(name.text);
      if (symbol && symbol->kind == SymbolKind::Args) return args_element(expr);
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
    raise(Tag::D_OP_PTR, loc, "operator [ ] may not be applied to a value of type " + type_name(a));
  }
  if (!type(b).is_integer())
    raise(Tag::D_ARR_BADREF, loc, "array index must be an integer, not " + type_name(b));
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

ExprId Checker::additive(Op op, ExprId a, ExprId b, Location loc) {
  a = decay(a);
  b = decay(b);
  if (type(a).is_string() && type(b).is_integer()) a = convert(a, out_.types.host_char_pointer);
  if (type(b).is_string() && type(a).is_integer() && op == Op::Add)
    b = convert(b, out_.types.host_char_pointer);
  bool pa = type(a).is_pointer(), pb = type(b).is_pointer();
  if (!pa && !pb) return arithmetic(op, a, b, loc);
  auto step = [&](ExprId pointer) -> uint64_t {
    const Type& target = out_.types[type(pointer).target];
    if (target.kind == TypeKind::Void || target.kind == TypeKind::Function)
      raise(Tag::D_OP_INCOMPAT, loc,
            "operands have incompatible types: \"" + type_name(a) + "\" " + spelling_of(op) +
                " \"" + type_name(b) + "\"",
            "cast the void pointer to char * first");
    if (!target.complete)
      raise(Tag::D_OP_INCOMPLETE, loc,
            std::string("operator ") + spelling_of(op) +
                " cannot be applied to a pointer to an incomplete type: " + target.name);
    return target.is_string() ? options_.number(Option::strsize) : target.size;
  };
  Expr expr;
  expr.loc = loc;
  if (pa && pb) {
    if (op == Op::Add || !compatible_pointers(a, b))
      raise(Tag::D_OP_INCOMPAT, loc,
            "operands have incompatible types: \"" + type_name(a) + "\" " + spelling_of(op) +
                " \"" + type_name(b) + "\"");
    expr.kind = ExprKind::PointerDiff;
    expr.value = std::max<uint64_t>(step(a), 1);
    expr.type = out_.types.long_type;
    expr.a = a;
    expr.b = b;
    return add(expr);
  }
  if (pb) {
    if (op == Op::Subtract)
      raise(
          Tag::D_OP_INCOMPAT, loc,
          "operands have incompatible types: \"" + type_name(a) + "\" - \"" + type_name(b) + "\"");
    std::swap(a, b);
  }
  if (!type(b).is_integer())
    raise(Tag::D_OP_INCOMPAT, loc,
          "operands have incompatible types: \"" + type_name(a) + "\" " + spelling_of(op) + " \"" +
              type_name(b) + "\"");
  uint64_t bytes = step(a);
  expr.kind = ExprKind::PointerAdd;
  expr.value = op == Op::Add ? bytes : 0 - bytes;
  expr.type = out_[a].type;
  expr.a = a;
  expr.b = convert(b, out_.types.int64_type);
  return add(expr);
}

ExprId Checker::arithmetic(Op op, ExprId a, ExprId b, Location loc) {
  bool bitwise = op == Op::BitAnd || op == Op::BitOr || op == Op::BitXor || op == Op::Remainder ||
                 op == Op::ShiftLeft || op == Op::ShiftRight;
  if (!type(a).is_integer() || !type(b).is_integer())
    raise(bitwise ? Tag::D_OP_INT : Tag::D_OP_ARITH, loc,
          std::string("operator ") + spelling_of(op) + " requires operands of " +
              (bitwise ? "integral" : "arithmetic") + " type");
  a = promote(a);
  b = promote(b);
  Expr expr;
  expr.kind = ExprKind::Binary;
  expr.op = op;
  expr.loc = loc;
  if (op == Op::ShiftLeft || op == Op::ShiftRight) {
    expr.type = out_[a].type;
  } else {
    expr.type = common_type(out_[a].type, out_[b].type);
    a = convert(a, expr.type);
    b = convert(b, expr.type);
  }
  uint64_t folded = 0;
  if (fold(op, a, b, expr.type, loc, folded)) return integer(folded, expr.type, loc);
  if ((op == Op::Divide || op == Op::Remainder) && is_constant(b) && out_[b].value == 0)
    raise(Tag::D_DIV_ZERO, loc, "expression contains division by zero");
  expr.a = a;
  expr.b = b;
  return add(expr);
}

ExprId Checker::comparison(Op op, ExprId a, ExprId b, Location loc) {
  Expr expr;
  expr.kind = ExprKind::Binary;
  expr.op = op;
  expr.loc = loc;
  expr.type = out_.types.int_type;
  auto null = [&](ExprId e) { return is_constant(e) && out_[e].value == 0; };
  bool strings = string_like(out_[a].type) && string_like(out_[b].type) &&
                 (type(a).is_string() || type(b).is_string() || type(a).kind == TypeKind::Array ||
                  type(b).kind == TypeKind::Array);
  if (strings) {
    expr.a = convert(a, out_.types.string_type);
    expr.b = convert(b, out_.types.string_type);
    return add(expr);
  }
  if ((type(a).is_string() && null(b)) || (type(b).is_string() && null(a))) {
    /* A string is NULL if it was never assigned. */
    TypeId pointer = out_.types.host_char_pointer;
    expr.a = convert(a, pointer);
    expr.b = convert(b, pointer);
    return add(expr);
  }
  if (type(a).is_integer() && type(b).is_integer()) {
    a = promote(a);
    b = promote(b);
    TypeId common = common_type(out_[a].type, out_[b].type);
    a = convert(a, common);
    b = convert(b, common);
    uint64_t folded = 0;
    if (fold(op, a, b, expr.type, loc, folded)) return integer(folded, expr.type, loc);
    expr.a = a;
    expr.b = b;
    return add(expr);
  }
  a = decay(a);
  b = decay(b);
  bool mixed = (type(a).is_pointer() && type(b).is_integer()) ||
               (type(b).is_pointer() && type(a).is_integer());
  if (!mixed && !compatible_pointers(a, b))
    raise(Tag::D_OP_INCOMPAT, loc,
          "operands have incompatible types: \"" + type_name(a) + "\" " + spelling_of(op) + " \"" +
              type_name(b) + "\"");
  TypeId pointer = type(a).is_pointer() ? out_[a].type : out_[b].type;
  expr.a = convert(a, pointer);
  expr.b = convert(b, pointer);
  return add(expr);
}

ExprId Checker::logical(Op op, ExprId a, ExprId b, Location loc) {
  std::string what =
      std::string("operator ") + spelling_of(op) + " requires operands of scalar type";
  Expr expr;
  expr.kind = ExprKind::Logical;
  expr.op = op;
  expr.loc = loc;
  expr.type = out_.types.int_type;
  expr.a = condition(a, loc, Tag::D_OP_SCALAR, what.c_str());
  expr.b = condition(b, loc, Tag::D_OP_SCALAR, what.c_str());
  uint64_t folded = 0;
  if (fold(op, expr.a, expr.b, expr.type, loc, folded)) return integer(folded, expr.type, loc);
  return add(expr);
}

ExprId Checker::binary(const ast::Expr& expr) {
  ExprId a = value(expr.a);
  ExprId b = value(expr.b);
  switch (expr.op) {
    case Op::Add:
    case Op::Subtract:
      return additive(expr.op, a, b, expr.loc);
    case Op::Equal:
    case Op::NotEqual:
    case Op::Less:
    case Op::LessEqual:
    case Op::Greater:
    case Op::GreaterEqual:
      return comparison(expr.op, a, b, expr.loc);
    case Op::And:
    case Op::Or:
    case Op::Xor:
      return logical(expr.op, a, b, expr.loc);
    default:
      return arithmetic(expr.op, a, b, expr.loc);
  }
}

ExprId Checker::conditional(const ast::Expr& expr) {
  Expr made;
  made.kind = ExprKind::Conditional;
  made.loc = expr.loc;
  made.a = condition(value(expr.a), expr.loc, Tag::D_OP_SCALAR,
                     "operator ?: operand must be of scalar type");
  ExprId b = decay(expression(expr.b));
  ExprId c = decay(expression(expr.c));
  forbid_action(b, expr.loc);
  forbid_action(c, expr.loc);
  const Type& x = type(b);
  const Type& y = type(c);
  auto null = [&](ExprId e) { return is_constant(e) && out_[e].value == 0; };
  if (x.is_integer() && y.is_integer()) {
    made.type = common_type(out_[promote(b)].type, out_[promote(c)].type);
  } else if (string_like(out_[b].type) && string_like(out_[c].type) &&
             (x.is_string() || y.is_string())) {
    made.type = out_.types.string_type;
  } else if ((x.is_string() && null(c)) || (y.is_string() && null(b))) {
    /* D has no null string literal: 0 beside a string is the empty one. */
    ExprId& zero = x.is_string() ? c : b;
    Expr empty;
    empty.kind = ExprKind::String;
    empty.type = out_.types.string_type;
    empty.loc = expr.loc;
    empty.string = string("");
    zero = add(empty);
    made.type = out_.types.string_type;
  } else if (compatible_pointers(b, c)) {
    made.type = x.is_pointer() ? out_[b].type : out_[c].type;
    if (x.is_pointer() && y.is_pointer() && !null(b) && !null(c) &&
        (x.space == Space::Host) != (y.space == Space::Host))
      raise(Tag::D_ALLOCA_INCOMPAT, expr.loc,
            "operator ?: operands are pointers into different memory: alloca( ) or copyin( ) and "
            "the guest's");
  } else if (out_.types.same(out_[b].type, out_[c].type)) {
    made.type = out_[b].type;
  } else {
    raise(Tag::D_OP_INCOMPAT, expr.loc,
          "operator ?: operands must have compatible types: \"" + type_name(b) + "\" : \"" +
              type_name(c) + "\"");
  }
  made.b = convert(b, made.type);
  made.c = convert(c, made.type);
  return add(made);
}

ExprId Checker::increment(const ast::Expr& expr) {
  bool up = expr.kind == ast::ExprKind::PreIncrement || expr.kind == ast::ExprKind::PostIncrement;
  const char* op = up ? "++" : "--";
  ExprId place = is_unknown_variable(expr.a) ? create_for_assignment(expr.a, out_.types.int64_type)
                                             : value(expr.a);
  if (!is_place(place)) {
    if (out_[place].kind == ExprKind::BuiltinVar)
      raise(Tag::D_OP_WRITE, expr.loc,
            std::string("operator ") + op + " can only be applied to a writable variable");
    raise(Tag::D_OP_LVAL, expr.loc, std::string("operator ") + op + " requires an lvalue operand");
  }
  if (!type(place).is_scalar())
    raise(Tag::D_OP_SCALAR, expr.loc,
          std::string("operator ") + op + " requires an operand of scalar type");
  if (space_of(place) != Space::Host)
    raise(Tag::D_OP_WRITE, expr.loc,
          std::string("operator ") + op + " can only be applied to a writable variable",
          "memory of the guest is written with copyout()");
  Expr made;
  made.kind = ExprKind::Increment;
  made.loc = expr.loc;
  made.a = place;
  made.op = up ? Op::Add : Op::Subtract;
  made.post =
      expr.kind == ast::ExprKind::PostIncrement || expr.kind == ast::ExprKind::PostDecrement;
  made.type = out_[place].type;
  made.value = 1;
  if (type(place).is_pointer()) {
    const Type& target = out_.types[type(place).target];
    if (!target.complete && target.kind != TypeKind::Void)
      raise(Tag::D_OP_INCOMPLETE, expr.loc, "pointer to an incomplete type: " + target.name);
    made.value = std::max<uint64_t>(target.size, 1);
  }
  return add(made);
}

ExprId Checker::assign(const ast::Expr& expr) {
  if (const ast::Expr* xlate = expr.op == Op::None ? xlate_expression(expr.b) : nullptr) {
    if (is_unknown_variable(expr.a))
      return assign_translated(create_for_assignment(expr.a, type_of(xlate->type)), *xlate);
    ExprId place = expression(expr.a);
    if (is_place(place) && space_of(place) == Space::Host) return assign_translated(place, *xlate);
  }
  ExprId b = expression(expr.b);
  const char* op = expr.op == Op::None ? "=" : spelling_of(expr.op);
  std::string shown = expr.op == Op::None ? "=" : std::string(op) + "=";
  const ast::Expr& left = tree_[expr.a];
  if (left.kind == ast::ExprKind::Aggregation)
    raise(Tag::D_AGG_FUNC, expr.loc,
          "@" + left.text +
              " must be assigned the result of an aggregating function, in a statement of its own");
  bool fresh = is_unknown_variable(expr.a);
  ExprId place;
  if (fresh) {
    place = create_for_assignment(expr.a, out_[b].type);
  } else {
    place = expression(expr.a);
  }
  if (!is_place(place)) {
    if (out_[place].kind == ExprKind::BuiltinVar ||
        (out_[place].kind == ExprKind::Convert && left.kind == ast::ExprKind::Index))
      raise(Tag::D_OP_WRITE, expr.loc,
            "operator " + shown + " can only be applied to a writable variable");
    raise(Tag::D_OP_LVAL, expr.loc,
          "operator " + shown + " requires an lvalue as its left-hand operand");
  }
  if (space_of(place) != Space::Host)
    raise(Tag::D_OP_WRITE, expr.loc,
          "operator " + shown + " can only be applied to a writable variable",
          "memory of the guest is written with copyout()");
  Expr made;
  made.loc = expr.loc;
  if (expr.op == Op::None) {
    TypeId want = out_[place].type;
    /* A declared pointer learns from its first assignment what memory it points into. */
    if (out_[place].kind == ExprKind::Variable && type(place).is_pointer()) {
      VariableId id = out_[place].variable;
      const Type& have = type(b);
      bool pointer = have.is_pointer() || have.kind == TypeKind::Array || have.is_string();
      if (pointer && !is_constant(b) && assignable(b, want)) {
        Space space = have.is_pointer() ? have.space : have.is_string() ? Space::Host : space_of(b);
        if (!pinned_[id.value]) {
          want = out_.types.pointer_to(type(place).target, space);
          out_.variables[id.value].type = want;
          out_.exprs[place.value].type = want;
          pinned_[id.value] = true;
        } else if ((space == Space::Host) != (type(place).space == Space::Host)) {
          raise(Tag::D_ALLOCA_INCOMPAT, expr.loc,
                out_[id].name + " points into " +
                    (space == Space::Host ? "the guest" : "alloca( ) or copyin( ) memory") +
                    " elsewhere: a variable may not hold both kinds of pointers");
        }
      }
    }
    if (type(place).is_sou() && is_constant(b) && type(b).is_integer() && out_[b].value == 0) {
      /* frees a dynamic variable, clears any other */
      made.kind = ExprKind::Assign;
      made.type = want;
      made.a = place;
      made.b = b;
      return add(made);
    }
    if (type(place).kind == TypeKind::Array)
      raise(Tag::D_OP_ARRFUN, expr.loc, "operator = may not be applied to an array");
    if (!assignable(b, want))
      raise(Tag::D_OP_INCOMPAT, expr.loc,
            "operands have incompatible types: \"" + out_.types.name(want) + "\" = \"" +
                type_name(b) + "\"");

    made.kind = ExprKind::Assign;
    made.type = want;
    made.a = place;
    made.b = convert(b, want);
    return add(made);
  }
  made.kind = ExprKind::AssignOp;
  made.op = expr.op;
  made.type = out_[place].type;
  made.a = place;
  if (type(place).is_pointer() && (expr.op == Op::Add || expr.op == Op::Subtract)) {
    if (!type(b).is_integer())
      raise(Tag::D_OP_INCOMPAT, expr.loc,
            "operands have incompatible types: \"" + type_name(place) + "\" " + shown + " \"" +
                type_name(b) + "\"");
    const Type& target = out_.types[type(place).target];
    if (!target.complete && target.kind != TypeKind::Void)
      raise(Tag::D_OP_INCOMPLETE, expr.loc, "pointer to an incomplete type: " + target.name);
    made.operation_type = made.type;
    TypeId wide = out_.types.int64_type;
    uint64_t bytes = std::max<uint64_t>(target.size, 1);
    made.b = arithmetic(Op::Multiply, convert(b, wide), integer(bytes, wide, expr.loc), expr.loc);
    return add(made);
  }
  if ((expr.op == Op::Add || expr.op == Op::Subtract) && type(b).is_pointer() &&
      (out_.types[type(b).target].kind == TypeKind::Void ||
       out_.types[type(b).target].kind == TypeKind::Function))
    raise(Tag::D_OP_VFPTR, expr.loc,
          "operator " + shown + " may not be applied to a pointer to void or to a function");
  bool integral = expr.op != Op::Add && expr.op != Op::Subtract && expr.op != Op::Multiply &&
                  expr.op != Op::Divide;
  if (!type(place).is_integer() || !type(b).is_integer())
    raise(integral ? Tag::D_OP_INT : Tag::D_OP_ARITH, expr.loc,
          "operator " + shown + " requires operands of " + (integral ? "integral" : "arithmetic") +
              " type");
  if ((expr.op == Op::Divide || expr.op == Op::Remainder) && is_constant(b) && out_[b].value == 0)
    raise(Tag::D_DIV_ZERO, expr.loc, "expression contains division by zero");
  bool shift = expr.op == Op::ShiftLeft || expr.op == Op::ShiftRight;
  TypeId own = out_[place].type;
  const Type& of = out_.types[own];
  TypeId left_promoted =
      of.kind == TypeKind::Enum || of.size < 4 || is_bit_field(place) ? out_.types.int_type : own;
  b = promote(b);
  made.operation_type = shift ? left_promoted : common_type(left_promoted, out_[b].type);
  made.b = shift ? b : convert(b, made.operation_type);
  return add(made);
}

}  // namespace hp::probec
