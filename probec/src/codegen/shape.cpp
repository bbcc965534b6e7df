#include "shape.hpp"

#include "layout.hpp"

namespace hp::probec::codegen {

static ShapeKind kind_of(const Type& t) {
  switch (t.kind) {
    case TypeKind::Integer:
      if (t.is_char) return t.is_signed ? ShapeKind::Char : ShapeKind::UnsignedChar;
      return t.is_signed ? ShapeKind::Signed : ShapeKind::Unsigned;
    case TypeKind::Float:
      return ShapeKind::Float;
    case TypeKind::Enum:
      return ShapeKind::Enum;
    case TypeKind::Pointer:
    case TypeKind::Function:
      return ShapeKind::Pointer;
    case TypeKind::Array:
      return ShapeKind::Array;
    case TypeKind::Struct:
    case TypeKind::Union:
      return ShapeKind::Struct;
    case TypeKind::String:
      return ShapeKind::String;
    default:
      return ShapeKind::Other;
  }
}

Shape shape_of(const CheckedProgram& p, TypeId id) {
  const Type& t = p.types[id];
  Shape s;
  s.kind = kind_of(t);
  s.size = t.size;
  s.type = p.types.name(id);
  if (const size_t anonymous = s.type.find(" (anon)"); anonymous != std::string::npos)
    s.type.erase(anonymous, 7);
  if (t.is_string()) s.size = storage_size(p, id); /* what an array's elements take */
  switch (s.kind) {
    case ShapeKind::Array: {
      s.count = t.count;
      ShapeMember element;
      element.shape = shape_of(p, t.target);
      s.size = element.shape.size * s.count;
      s.members.push_back(std::move(element));
      break;
    }
    case ShapeKind::Enum:
      for (const Enumerator& e : t.enumerators) s.enumerators.emplace_back(e.value, e.name);
      break;
    case ShapeKind::Struct:
      for (const Member& m : t.members) {
        ShapeMember member;
        member.name = m.name;
        member.bit_offset = m.bit_offset;
        member.bit_width = m.bit_width;
        member.shape = shape_of(p, m.type);
        s.members.push_back(std::move(member));
      }
      break;
    default:
      break;
  }
  return s;
}

}  // namespace hp::probec::codegen
