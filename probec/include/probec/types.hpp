/* D's types, interned: equal types have equal ids once typedefs are looked through.
 *
 * The integer model is LP64, little-endian. `string` is a type of its own: a value is a pointer to
 * NUL-terminated host memory of at most strsize bytes. Pointers carry the address space that they
 * point into, because that decides how a dereference is made (see Space).
 *
 * Typedefs: `types[id]` always gives the record of the type that is meant; `types.name(id)` gives
 * the name that was written, as listings print it. */
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "probec/ids.hpp"

namespace hp::probec {

enum class TypeKind : uint8_t {
  Void,
  Integer,  /* also char, _Bool: size 1, 2, 4, 8 */
  Float,    /* only in declarations of guest structures; no arithmetic */
  Enum,     /* 4 bytes, signed */
  Pointer,  /* 8 bytes; target, space */
  Array,    /* target, count */
  Struct,   /* members */
  Union,    /* members */
  Function, /* target = result; only behind pointers */
  String,   /* D string */
  Stack,    /* result of stack(), ustack(), jstack(): count frames of 8 bytes (ustack: pid first) */
  Symbol,   /* result of sym(), mod(), usym(), umod(), uaddr(), func()... */
};

/* What a pointer points into. */
enum class Space : uint8_t {
  Kernel, /* the guest kernel, or the default of a pointer made from an integer: hp_load */
  User,   /* the guest's user space (`userland`): hp_load */
  Host,   /* memory of the program itself: strings, scratch (alloca, copyin), variables. Only to be
             dereferenced within the bounds of those areas */
};

struct Member {
  std::string name; /* empty: anonymous struct or union */
  TypeId type;
  uint64_t bit_offset = 0; /* from the start of the structure */
  uint32_t bit_width = 0;  /* 0: not a bit-field. Signedness: of type */
};

struct Enumerator {
  std::string name;
  int64_t value = 0;
};

struct Type {
  TypeKind kind = TypeKind::Void;
  bool is_signed = false;
  bool is_char = false;  /* char, signed char, unsigned char: arrays of it print as text */
  bool is_bool = false;  /* _Bool: conversion to it is != 0 */
  bool complete = true;  /* false: struct/union only named; array without size */
  bool deferred = false; /* only named so far: a TypeSource may know it (TypeTable::source) */
  bool from_kernel =
      false; /* struct/union whose layout is a kernel's: another guest's may differ */
  Space space = Space::Kernel; /* Pointer */
  uint64_t size = 0;           /* bytes; String: 0 here, strsize at run time */
  uint64_t align = 1;
  TypeId target;                       /* Pointer, Array: element; Function: result */
  uint64_t count = 0;                  /* Array: elements; Stack: frames (0 = option's default) */
  std::string name;                    /* as printed: "unsigned int", "struct foo", "char [8]" */
  std::string kernel_name;             /* from_kernel: "struct file", or of one without a tag its
                                          typedef's "kuid_t"; empty: it has no name */
  std::vector<Member> members;         /* Struct, Union, in order */
  std::vector<Enumerator> enumerators; /* Enum */
  std::vector<TypeId> parameters;      /* Function */

  [[nodiscard]] bool is_integer() const {
    return kind == TypeKind::Integer || kind == TypeKind::Enum;
  }
  [[nodiscard]] bool is_pointer() const { return kind == TypeKind::Pointer; }
  [[nodiscard]] bool is_string() const { return kind == TypeKind::String; }
  [[nodiscard]] bool is_sou() const { return kind == TypeKind::Struct || kind == TypeKind::Union; }
  [[nodiscard]] bool is_scalar() const { return is_integer() || is_pointer(); }
};

class TypeSource;

class TypeTable {
 public:
  TypeTable();
  /* What types that are only named are completed from when somebody looks at them; null: nothing. Not
   * owned; to be taken back before the table is moved. */
  void set_source(TypeSource* source) { source_ = source; }

  /* The type meant by id: typedefs looked through. */
  [[nodiscard]] const Type& operator[](TypeId id) const {
    const Type& type = types_[canonical(id).value];
    if (type.deferred && source_) complete(canonical(id));
    return type;
  }
  [[nodiscard]] TypeId canonical(TypeId id) const;
  /* As written: the typedef's name, if it was one. */
  [[nodiscard]] const std::string& name(TypeId id) const { return types_[id.value].name; }
  [[nodiscard]] bool same(TypeId a, TypeId b) const { return canonical(a) == canonical(b); }

  /* Always present. */
  TypeId void_type, char_type, uchar_type, bool_type, short_type, ushort_type, int_type, uint_type,
      long_type, ulong_type, longlong_type, ulonglong_type, int64_type, uint64_type, string_type,
      void_pointer, host_char_pointer;

  /* An integer type by its properties, under its C name: integer(4, false) is unsigned int. */
  [[nodiscard]] TypeId integer(unsigned bytes, bool is_signed) const;

  TypeId add(Type type); /* a new, distinct type */
  TypeId add_typedef(std::string name, TypeId target);
  TypeId pointer_to(TypeId target, Space space = Space::Kernel);
  TypeId array_of(TypeId element, uint64_t count, bool complete = true);
  TypeId stack_of(uint64_t frames, std::string name);
  Type& edit(TypeId id) { /* to complete a structure */
    Type& type = types_[canonical(id).value];
    type.deferred = false;
    return type;
  }

  /* The name of a typedef that an anonymous structure of a kernel is known by. */
  void set_kernel_name(TypeId id, std::string name) {
    types_[canonical(id).value].kernel_name = std::move(name);
  }

  [[nodiscard]] size_t size() const { return types_.size(); }

 private:
  void complete(TypeId id) const;

  TypeSource* source_ = nullptr;
  std::deque<Type> types_;
  std::deque<TypeId> typedef_of_;                   /* invalid: not a typedef */
  std::unordered_map<std::string, TypeId> derived_; /* pointers, arrays, stacks by construction */
};

}  // namespace hp::probec
