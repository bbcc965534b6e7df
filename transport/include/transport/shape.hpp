/* What print() knows about a value: its type, written out so that the consumer can show it.
 *
 * probec makes a Shape from a D type and stores it, as text, where other fields have their type's name
 * (hp_obj_field.type of an HP_ACT_PRINT action). The consumer decodes it and walks the recorded bytes
 * along it. The text, one type after the other, depth first:
 *
 *     type    kind size name NL extra        kind: one letter, ShapeKind
 *     extra   array:  count NL type
 *             enum:   count NL { value name NL }
 *             struct: count NL { bit offset, bit width, name NL type }      (also unions)
 *
 * Numbers are decimal and end with a blank, names with the newline. The text is not trusted: decoding
 * checks sizes and counts, and that everything lies within what contains it. */
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transport/result.hpp"

namespace hp {

enum class ShapeKind : char {
  Signed = 'i',
  Unsigned = 'u',
  Char = 'c',
  UnsignedChar = 'C',
  Pointer = 'p',
  Enum = 'e',
  Float = 'f',
  Array = 'a',
  Struct = 's', /* and union */
  String = 'z',
  Other = 'o', /* shown as bytes */
};

struct ShapeMember;

struct Shape {
  ShapeKind kind = ShapeKind::Other;
  uint64_t size = 0;  /* bytes */
  std::string type;   /* as D spells it: "unsigned int", "struct foo", "char [8]" */
  uint64_t count = 0; /* elements of an array */
  std::vector<std::pair<int64_t, std::string>> enumerators;
  std::vector<ShapeMember> members; /* of a struct; an array's only one is its element */
};

struct ShapeMember {
  std::string name; /* empty: anonymous */
  uint64_t bit_offset = 0;
  uint64_t bit_width = 0; /* 0: not a bit-field */
  Shape shape;
};

std::string encode_shape(const Shape&);
Result<Shape> decode_shape(std::string_view text);

}  // namespace hp
