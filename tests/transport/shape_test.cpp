#include "transport/shape.hpp"

#include <doctest/doctest.h>

using namespace hp;

static Shape integer(const char* type, uint64_t size) {
  Shape s;
  s.kind = ShapeKind::Signed;
  s.size = size;
  s.type = type;
  return s;
}

static Shape pair_of(Shape a, Shape b) {
  Shape s;
  s.kind = ShapeKind::Struct;
  s.size = a.size + b.size;
  s.type = "struct pair";
  const uint64_t second = a.size * 8;
  s.members.push_back({"a", 0, 0, std::move(a)});
  s.members.push_back({"b", second, 0, std::move(b)});
  return s;
}

static Shape array_of(Shape element, uint64_t count) {
  Shape s;
  s.kind = ShapeKind::Array;
  s.size = element.size * count;
  s.type = element.type + " []";
  s.count = count;
  s.members.push_back({"", 0, 0, std::move(element)});
  return s;
}

TEST_CASE("A shape survives its text") {
  Shape colour = integer("enum colour", 4);
  colour.kind = ShapeKind::Enum;
  colour.enumerators = {{-1, "NONE"}, {5, "BLUE"}};
  const Shape s = array_of(pair_of(integer("int", 4), colour), 3);
  const std::string text = encode_shape(s);
  const Result<Shape> back = decode_shape(text);
  REQUIRE(back);
  CHECK(encode_shape(*back) == text);
  const Shape& pair = back->members.at(0).shape;
  CHECK(pair.members.at(1).bit_offset == 32);
  CHECK(pair.members.at(1).shape.enumerators.at(0) == std::pair<int64_t, std::string>(-1, "NONE"));
}

TEST_CASE("Damaged shapes are refused") {
  const std::string text =
      encode_shape(array_of(pair_of(integer("int", 4), integer("long", 8)), 2));
  for (size_t n = 0; n < text.size(); ++n) CHECK_FALSE(decode_shape(text.substr(0, n)));
  CHECK_FALSE(decode_shape(text + "x"));
  CHECK_FALSE(decode_shape("q4 int\n"));                         /* no such kind */
  CHECK_FALSE(decode_shape("i99999999 int\n"));                  /* larger than anything recorded */
  CHECK_FALSE(decode_shape("a8 int [3]\n3 \ni4 int\n"));         /* 3 * 4 is not 8 */
  CHECK_FALSE(decode_shape("s4 struct s\n1 \n8 0 x\ni4 int\n")); /* ends behind the structure */
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "a4 t\n1 \n";
  CHECK_FALSE(decode_shape(deep + "i4 int\n"));
}
