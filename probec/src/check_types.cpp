/* Types: specifiers and declarators to the type table, structures laid out as the System V ABI does. */
#include <algorithm>
#include <limits>

#include "probec/checker.hpp"

namespace hp::probec {

namespace {

uint64_t align_up(uint64_t value, uint64_t align) {
  return (value + align - 1) / align * align;
}

}  // namespace

TypeId Checker::base_type(const ast::Type& t) {
  using namespace ast;
  uint32_t bits = t.bits;
  TypeTable& types = out_.types;
  auto bad = [&](Tag tag, const char* message) { raise(tag, t.loc, message); };
  uint32_t modifiers = bits & (kShort | kLong | kLongLong | kSigned | kUnsigned);
  if (bits & kVoid) {
    if (modifiers)
      bad(Tag::D_DECL_VOIDATTR,
          "invalid type declaration: attributes may not be used with void type");
    if (bits != kVoid) bad(Tag::D_DECL_COMBO, "invalid type combination");
    return types.void_type;
  }
  if ((bits & kSigned) && (bits & kUnsigned))
    bad(Tag::D_DECL_SIGNINT, "invalid type declaration: signed and unsigned may not be combined");
  if (bits & (kFloat | kDouble)) {
    if (bits & (kSigned | kUnsigned))
      bad(Tag::D_DECL_SIGNINT,
          "invalid type declaration: signed and unsigned may only be used with integer type");
    if ((bits & (kShort | kLongLong)) || ((bits & kLong) && (bits & kFloat)))
      raise(Tag::D_TYPE_ERR, t.loc,
            std::string("failed to resolve type ") + (bits & kShort ? "short " : "long ") +
                (bits & kFloat ? "float" : "double") + ": Unknown type name");
    if (bits & (kChar | kInt | kBool)) bad(Tag::D_DECL_COMBO, "invalid type combination");
    const char* name = bits & kFloat ? "float" : bits & kLong ? "long double" : "double";
    if (auto found = structs_.find(std::string("=") + name); found != structs_.end())
      return found->second;
    probec::Type real;
    real.kind = probec::TypeKind::Float;
    real.name = name;
    real.is_signed = true;
    real.size = real.align = bits & kFloat ? 4 : bits & kLong ? 16 : 8;
    return structs_[std::string("=") + name] = types.add(real);
  }
  if (bits & (kComplex | kImaginary)) bad(Tag::D_DECL_COMBO, "complex types are not supported");
  if (bits & kChar) {
    if (bits & (kShort | kLong | kLongLong))
      bad(Tag::D_DECL_CHARATTR,
          "invalid type declaration: short and long may not be used with char type");
    if (bits & (kInt | kBool)) bad(Tag::D_DECL_COMBO, "invalid type combination");
    if (bits & kSigned) return named_type("signed char");
    return bits & kUnsigned ? types.uchar_type : types.char_type;
  }
  if (bits & kBool) {
    if (modifiers) bad(Tag::D_TYPE_ERR, "failed to resolve type _Bool: Unknown type name");
    if (bits & kInt) bad(Tag::D_DECL_COMBO, "invalid type combination");
    return types.bool_type;
  }
  bool no_sign = bits & kUnsigned;
  if (bits & kShort) {
    if (bits & (kLong | kLongLong)) bad(Tag::D_DECL_COMBO, "invalid type combination");
    return no_sign ? types.ushort_type : types.short_type;
  }
  if (bits & kLongLong) return no_sign ? types.ulonglong_type : types.longlong_type;
  if (bits & kLong) return no_sign ? types.ulong_type : types.long_type;
  return no_sign ? types.uint_type : types.int_type;
}

int64_t Checker::constant_integer(ast::ExprId id, Tag tag, const char* what) {
  ExprId value = expression(id);
  const bool settled = is_constant(value) || out_[value].kind == ExprKind::KernelSize;
  if (!settled || !type(value).is_integer()) raise(tag, tree_[id].loc, what);
  return static_cast<int64_t>(out_[value].value);
}

TypeId Checker::type_of(ast::TypeId id) {
  if (resolved_.size() < tree_.types.size()) resolved_.resize(tree_.types.size());
  if (resolved_[id.value].valid()) return resolved_[id.value];
  const ast::Type& t = tree_[id];
  TypeTable& types = out_.types;
  TypeId made;
  switch (t.kind) {
    case ast::TypeKind::Base:
      made = base_type(t);
      break;
    case ast::TypeKind::Named: {
      if (t.name == "string") {
        made = types.string_type;
        break;
      }
      auto found = globals_.find(t.name);
      if (found == globals_.end() && kernel_) {
        made = kernel_->find_typedef(t.name, out_.types);
        if (made.valid()) {
          globals_.emplace(t.name, Symbol{SymbolKind::Typedef, 0, 0, made, Owner::C});
          break;
        }
      }
      if (found == globals_.end() || found->second.kind != SymbolKind::Typedef)
        raise(Tag::D_TYPE_ERR, t.loc,
              "failed to resolve type of " + t.name + ": Unknown type name");
      made = found->second.type;
      break;
    }
    case ast::TypeKind::Struct:
    case ast::TypeKind::Union:
    case ast::TypeKind::Enum:
      made = tagged_type(t);
      break;
    case ast::TypeKind::Pointer:
      made = types.pointer_to(type_of(t.target), t.userland ? Space::User : Space::Kernel);
      break;
    case ast::TypeKind::Array: {
      TypeId element = type_of(t.target);
      const Type& of = types[element];
      if (of.kind == TypeKind::Void) raise(Tag::D_DECL_VOIDOBJ, t.loc, "cannot have array of void");
      if (of.kind == TypeKind::Function)
        raise(Tag::D_DECL_COMBO, t.loc, "cannot have array of functions");
      if (!of.complete && of.kind != TypeKind::Array)
        raise(Tag::D_DECL_INCOMPLETE, t.loc, "incomplete struct/union/enum " + of.name);
      if (!t.size.valid()) {
        made = types.array_of(element, 0, false);
        break;
      }
      int64_t count = constant_integer(t.size, Tag::D_DECL_ARRSUB,
                                       "positive integral constant expression or tuple signature "
                                       "expected as array declaration subscript");
      if (count <= 0)
        raise(Tag::D_DECL_ARRSUB, t.loc,
              "positive integral constant expression or tuple signature expected as array "
              "declaration subscript");
      uint64_t bytes = 0;
      if (__builtin_mul_overflow(static_cast<uint64_t>(count), std::max<uint64_t>(of.size, 1),
                                 &bytes) ||
          bytes > static_cast<uint64_t>(std::numeric_limits<int32_t>::max()))
        raise(Tag::D_DECL_ARRBIG, t.loc, "array dimension too big");
      made = types.array_of(element, static_cast<uint64_t>(count));
      break;
    }
    case ast::TypeKind::Assoc:
      raise(Tag::D_DECL_DYNOBJ, t.loc, "associative array is not permitted here");
    case ast::TypeKind::Function: {
      Type function;
      function.kind = TypeKind::Function;
      function.target = type_of(t.target);
      function.name = types.name(function.target) + " (";
      if (types[function.target].kind == TypeKind::Array ||
          types[function.target].kind == TypeKind::Function)
        raise(Tag::D_DECL_COMBO, t.loc, "function may not return an array or a function");
      size_t parameters =
          check_prototype(t, "function", PrototypeRules{.varargs = true, .may_be_void = true});
      for (size_t i = 0; i < parameters; ++i) {
        TypeId parameter = type_of(t.parameters[i]);
        function.parameters.push_back(parameter);
        function.name += (i ? ", " : "") + types.name(parameter);
      }
      function.name += ")";
      function.size = function.align = 1;
      made = types.add(std::move(function));
      break;
    }
  }
  resolved_[id.value] = made;
  return made;
}

TypeId Checker::tagged_type(const ast::Type& t) {
  bool is_enum = t.kind == ast::TypeKind::Enum;
  auto& tags = t.kind == ast::TypeKind::Struct ? structs_ : is_enum ? enums_ : unions_;
  const char* keyword = t.kind == ast::TypeKind::Struct ? "struct " : is_enum ? "enum " : "union ";
  TypeId id;
  auto found = t.name.empty() ? tags.end() : tags.find(t.name);
  /* C's, or the kernel's that somebody has already looked into. */
  bool anew = found != tags.end() && t.defines && owner_at(t.loc) != Owner::C &&
              c_types_.contains(found->second.value) && out_.types.edit(found->second).complete;
  if (anew) {
    tags.erase(found); /* C's, declared anew */
    found = tags.end();
  }
  if (found != tags.end()) {
    id = found->second;
  } else {
    Type type;
    type.kind = t.kind == ast::TypeKind::Struct ? TypeKind::Struct
                : is_enum                       ? TypeKind::Enum
                                                : TypeKind::Union;
    type.name = keyword + (t.name.empty() ? std::string("(anon)") : t.name);
    type.complete = false;
    type.deferred = !t.defines && !t.name.empty();
    if (is_enum) {
      type.size = type.align = 4;
      type.is_signed = true;
    }
    id = out_.types.add(std::move(type));
    if (!t.name.empty()) tags.emplace(t.name, id);
    if (owner_at(t.loc) == Owner::C || !t.defines) c_types_.insert(id.value);
  }
  if (!t.defines) return id;
  if (owner_at(t.loc) != Owner::C) c_types_.erase(id.value);
  if (out_.types.edit(id).complete)
    raise(Tag::D_DECL_TYPERED, t.loc, "type redeclared: " + out_.types[id].name);
  return is_enum ? enum_body(id, t) : struct_body(id, t);
}

TypeId Checker::enum_body(TypeId id, const ast::Type& t) {
  int64_t next = 0;
  std::vector<Enumerator> enumerators;
  for (const ast::EnumeratorDecl& decl : t.enumerators) {
    if (decl.value.valid())
      next = constant_integer(
          decl.value, Tag::D_DECL_ENCONST,
          ("enumerator '" + decl.name + "' must be assigned to an integral constant expression")
              .c_str());
    if (next > std::numeric_limits<int32_t>::max() || next < std::numeric_limits<int32_t>::min())
      raise(Tag::D_DECL_ENOFLOW, decl.loc,
            "enumerator '" + decl.name + "' value overflows INT_MAX (2147483647)");
    define(decl.name, {SymbolKind::Constant, 0, next, id}, decl.loc);
    enumerators.push_back({decl.name, next++});
  }
  Type& type = out_.types.edit(id);
  type.enumerators = std::move(enumerators);
  type.complete = true;
  return id;
}

TypeId Checker::struct_body(TypeId id, const ast::Type& t) {
  bool is_union = t.kind == ast::TypeKind::Union;
  std::vector<Member> members;
  uint64_t bits = 0, size = 0, align = 1;
  for (const ast::MemberDecl& decl : t.members) {
    if (tree_[decl.type].kind == ast::TypeKind::Assoc)
      raise(Tag::D_DECL_DYNOBJ, decl.loc,
            "cannot have dynamic member: " + (decl.name.empty() ? "(anon)" : decl.name));
    TypeId of = type_of(decl.type);
    const Type& type = out_.types[of];
    if (type.kind == TypeKind::Void)
      raise(Tag::D_DECL_VOIDOBJ, decl.loc, "cannot have void member: " + decl.name);
    if (type.kind == TypeKind::Function)
      raise(Tag::D_DECL_VOIDOBJ, decl.loc, "cannot have function as a member: " + decl.name);
    if (!type.complete && type.kind != TypeKind::Array)
      raise(Tag::D_DECL_INCOMPLETE, decl.loc,
            "incomplete struct/union/enum " + type.name + ": " + decl.name);
    if (decl.name.empty() && !decl.width.valid() && !type.is_sou())
      raise(Tag::D_DECL_MNAME, decl.loc, "member declaration requires a name");
    if (decl.name.find('`') != std::string::npos)
      raise(Tag::D_DECL_SCOPE, decl.loc,
            "D scoping operator may not be used in a member name (" + decl.name + ")");
    for (const Member& other : members)
      if (!decl.name.empty() && other.name == decl.name)
        raise(Tag::D_DECL_MNAME, decl.loc, "duplicate member name: " + decl.name);
    Member member;
    member.name = decl.name;
    member.type = of;
    uint64_t start = is_union ? 0 : bits;
    if (decl.width.valid()) {
      if (!type.is_integer())
        raise(Tag::D_DECL_BFTYPE, decl.loc, "invalid type for bit-field: " + decl.name);
      int64_t width = constant_integer(decl.width, Tag::D_DECL_BFCONST,
                                       "positive integral constant expression expected as "
                                       "bit-field size");
      if (width < 0 || (width == 0 && !decl.name.empty()))
        raise(Tag::D_DECL_BFCONST, decl.loc,
              "positive integral constant expression expected as bit-field size");
      if (static_cast<uint64_t>(width) > type.size * 8)
        raise(Tag::D_DECL_BFSIZE, decl.loc, "bit-field too big for type: " + decl.name);
      uint64_t unit = type.size * 8;
      if (width == 0 || start / unit != (start + uint64_t(width) - 1) / unit)
        start = align_up(start, unit);
      member.bit_offset = start;
      member.bit_width = static_cast<uint32_t>(width);
      bits = start + static_cast<uint64_t>(width);
      if (!decl.name.empty()) align = std::max(align, type.align);
    } else {
      start = align_up(start, type.align * 8);
      member.bit_offset = start;
      bits = start + type.size * 8;
      align = std::max(align, type.align);
    }
    if (bits / 8 > static_cast<uint64_t>(std::numeric_limits<int32_t>::max()))
      raise(Tag::D_DECL_ARRBIG, decl.loc, "structure is too big");
    size = std::max(size, (bits + 7) / 8);
    if (!decl.name.empty() || !decl.width.valid()) members.push_back(std::move(member));
  }
  Type& type = out_.types.edit(id);
  type.members = std::move(members);
  type.align = align;
  type.size = align_up(size, align);
  type.complete = true;
  return id;
}

TypeId Checker::object_type(ast::TypeId id, Location loc) {
  TypeId made = type_of(id);
  const Type& type = out_.types[made];
  if (type.kind == TypeKind::Void) raise(Tag::D_DECL_VOIDOBJ, loc, "cannot have void object");
  if (!type.complete && type.kind != TypeKind::Array)
    raise(Tag::D_DECL_INCOMPLETE, loc, "incomplete struct/union/enum " + type.name);
  return made;
}

TypeId Checker::named_type(std::string_view text) {
  Space space = Space::Kernel;
  if (text.starts_with("host ")) {
    space = Space::Host;
    text.remove_prefix(5);
  } else if (text.starts_with("userland ")) {
    space = Space::User;
    text.remove_prefix(9);
  }
  if (text.ends_with('*')) {
    text.remove_suffix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (text.ends_with("*const")) text.remove_suffix(5);
    std::string inner(text);
    if (inner.ends_with('*') && space == Space::User) inner = "userland " + inner;
    return out_.types.pointer_to(named_type(inner), space);
  }
  if (text.starts_with("const ")) text.remove_prefix(6);
  if (text == "unsigned") text = "unsigned int";
  if (text == "string") return out_.types.string_type;
  for (auto [keyword, kind] :
       {std::pair{"struct ", ast::TypeKind::Struct}, std::pair{"union ", ast::TypeKind::Union},
        std::pair{"enum ", ast::TypeKind::Enum}})
    if (text.starts_with(keyword)) {
      ast::Type named;
      named.kind = kind;
      named.name = text.substr(std::string_view(keyword).size());
      return tagged_type(named);
    }
  if (auto found = globals_.find(std::string(text));
      found != globals_.end() && found->second.kind == SymbolKind::Typedef)
    return found->second.type;
  for (size_t i = 0; i < out_.types.size(); ++i)
    if (TypeId id(i); out_.types.name(id) == text) return id;
  raise(Tag::D_TYPE_ERR, {},
        "failed to resolve type of " + std::string(text) + ": Unknown type name");
}

}  // namespace hp::probec
