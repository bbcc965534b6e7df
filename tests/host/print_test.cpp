#include "host/print.hpp"

#include <doctest/doctest.h>

using namespace hp;

static std::string printed(std::string_view shape, std::string_view bytes, int indent = 0) {
  const Result<Shape> s = decode_shape(shape);
  REQUIRE(s);
  std::string out;
  append_print(out, *s, bytes, indent);
  return out;
}

TEST_CASE("print() shows scalars by their type") {
  using namespace std::string_view_literals;
  CHECK(printed("i4 int\n", "\xfe\xff\xff\xff"sv) == "(int)-2");
  CHECK(printed("u2 unsigned short\n", "\xfe\xff"sv) == "(unsigned short)65534");
  CHECK(printed("c1 char\n", "A"sv) == "(char)'A'");
  CHECK(printed("p8 char *\n", "\x10\0\0\0\0\0\0\0"sv) == "(char *)0x10");
  CHECK(printed("e4 enum e\n2 \n0 NO\n1 YES\n", "\x01\0\0\0"sv) == "(enum e)YES");
  CHECK(printed("e4 enum e\n2 \n0 NO\n1 YES\n", "\x07\0\0\0"sv) == "(enum e)7");
  CHECK(printed("z0 string\n", "a\tb"sv) == "(string) \"a\\tb\"");
}

TEST_CASE("print() indents members, and leaves zeros out") {
  using namespace std::string_view_literals;
  constexpr std::string_view pair = "s8 struct p\n2 \n0 0 a\ni4 int\n32 0 b\ni4 int\n";
  CHECK(printed(pair, "\x01\0\0\0\x02\0\0\0"sv, 2) ==
        "(struct p) {\n   .a = (int)1,\n   .b = (int)2\n  }");
  CHECK(printed(pair, "\0\0\0\0\x02\0\0\0"sv) == "(struct p) {\n .b = (int)2\n}");
  CHECK(printed("s4 struct b\n1 \n3 4 x\ni4 int\n", "\x78\0\0\0"sv) ==
        "(struct b) {\n .x = (int)-1\n}");
}

TEST_CASE("print() says where printsize cut a value off") {
  using namespace std::string_view_literals;
  constexpr std::string_view pair = "s8 struct p\n2 \n0 0 a\ni4 int\n32 0 b\ni4 int\n";
  CHECK(printed(pair, "\x01\0\0\0"sv) == "(struct p) {\n .a = (int)1,\n ...\n}");
  CHECK(printed(pair, "\x01\0"sv) == "(struct p) {\n .a = (int)...\n}");
  CHECK(printed("i4 int\n", ""sv) == "(int)...");
}
