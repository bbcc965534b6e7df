#include "probec/types.hpp"

#include "probec/type_source.hpp"
#include "transport/result.hpp"

namespace hp::probec {

namespace {

Type integer_type(const char* name, uint64_t size, bool is_signed) {
  Type type;
  type.kind = TypeKind::Integer;
  type.name = name;
  type.size = type.align = size;
  type.is_signed = is_signed;
  return type;
}

}  // namespace

TypeTable::TypeTable() {
  Type none;
  none.kind = TypeKind::Void;
  none.name = "void";
  none.complete = false;
  void_type = add(none);
  Type chr = integer_type("char", 1, true);
  chr.is_char = true;
  char_type = add(chr);
  chr.name = "signed char";
  add(chr);
  chr.name = "unsigned char";
  chr.is_signed = false;
  uchar_type = add(chr);
  Type boolean = integer_type("_Bool", 1, false);
  boolean.is_bool = true;
  bool_type = add(boolean);
  short_type = add(integer_type("short", 2, true));
  ushort_type = add(integer_type("unsigned short", 2, false));
  int_type = add(integer_type("int", 4, true));
  uint_type = add(integer_type("unsigned int", 4, false));
  long_type = add(integer_type("long", 8, true));
  ulong_type = add(integer_type("unsigned long", 8, false));
  longlong_type = add(integer_type("long long", 8, true));
  ulonglong_type = add(integer_type("unsigned long long", 8, false));
  int64_type = add_typedef("int64_t", long_type);
  uint64_type = add_typedef("uint64_t", ulong_type);
  Type string;
  string.kind = TypeKind::String;
  string.name = "string";
  string_type = add(string);
  void_pointer = pointer_to(void_type);
  host_char_pointer = pointer_to(char_type, Space::Host);
}

/* Looking at a type does not change it for whoever looks: it only becomes known. */
void TypeTable::complete(TypeId id) const {
  auto& self = const_cast<TypeTable&>(*this);
  self.edit(id); /* no longer deferred, whatever comes of it */
  source_->complete(id, self);
}

TypeId TypeTable::canonical(TypeId id) const {
  HP_CHECK(id.value < types_.size());
  while (typedef_of_[id.value].valid()) id = typedef_of_[id.value];
  return id;
}

TypeId TypeTable::integer(unsigned bytes, bool is_signed) const {
  switch (bytes) {
    case 1:
      return is_signed ? char_type : uchar_type;
    case 2:
      return is_signed ? short_type : ushort_type;
    case 4:
      return is_signed ? int_type : uint_type;
    default:
      return is_signed ? long_type : ulong_type;
  }
}

TypeId TypeTable::add(Type type) {
  types_.push_back(std::move(type));
  typedef_of_.emplace_back();
  return TypeId(types_.size() - 1);
}

TypeId TypeTable::add_typedef(std::string name, TypeId target) {
  Type alias;
  alias.name = std::move(name);
  types_.push_back(std::move(alias));
  typedef_of_.push_back(target);
  return TypeId(types_.size() - 1);
}

TypeId TypeTable::pointer_to(TypeId target, Space space) {
  std::string key =
      "p" + std::to_string(static_cast<int>(space)) + ":" + std::to_string(target.value);
  if (auto found = derived_.find(key); found != derived_.end()) return found->second;
  /* A pointer to a typedef is the same type as one to what it means, under another name. */
  if (TypeId meant = canonical(target); meant != target) {
    std::string shown = name(target) + (name(target).ends_with('*') ? "*" : " *");
    TypeId id = add_typedef(std::move(shown), pointer_to(meant, space));
    derived_.emplace(std::move(key), id);
    return id;
  }
  Type type;
  type.kind = TypeKind::Pointer;
  type.size = type.align = 8;
  type.space = space;
  type.target = target;
  type.name = name(target) + (name(target).ends_with('*') ? "*" : " *");
  TypeId id = add(std::move(type));
  derived_.emplace(std::move(key), id);
  return id;
}

TypeId TypeTable::array_of(TypeId element, uint64_t count, bool complete) {
  std::string key =
      (complete ? "a" : "i") + std::to_string(count) + ":" + std::to_string(element.value);
  if (auto found = derived_.find(key); found != derived_.end()) return found->second;
  const Type& of = (*this)[element];
  Type type;
  type.kind = TypeKind::Array;
  type.target = element;
  type.count = count;
  type.size = of.size * count;
  type.align = of.align;
  type.complete = complete;
  type.is_char = of.is_char;
  std::string dimension = complete ? "[" + std::to_string(count) + "]" : "[]";
  /* "int [2]" of 3 elements is "int [3][2]". */
  const std::string& inner = name(element);
  size_t bracket = of.kind == TypeKind::Array ? inner.find('[') : std::string::npos;
  type.name = bracket == std::string::npos
                  ? inner + " " + dimension
                  : inner.substr(0, bracket) + dimension + inner.substr(bracket);
  TypeId id = add(std::move(type));
  derived_.emplace(std::move(key), id);
  return id;
}

TypeId TypeTable::stack_of(uint64_t frames, std::string name) {
  std::string key = "s" + std::to_string(frames) + ":" + name;
  if (auto found = derived_.find(key); found != derived_.end()) return found->second;
  Type type;
  type.kind = name == "symbol" ? TypeKind::Symbol : TypeKind::Stack;
  type.count = frames;
  type.size = type.kind == TypeKind::Symbol ? 16 : frames * 8;
  type.align = 8;
  type.name = std::move(name);
  TypeId id = add(std::move(type));
  derived_.emplace(std::move(key), id);
  return id;
}

}  // namespace hp::probec
