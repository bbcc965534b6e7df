/* The layouts of records, to the column. Expected text is what dtrace(1) prints. */
#include "host/text.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>

using namespace hp;

namespace {

std::string traced(const Value& v, bool quiet = false, bool raw = false) {
  std::string out;
  append_traced(out, v, quiet, raw);
  return out;
}
std::string key(const Value& v) {
  std::string out;
  append_key(out, v);
  return out;
}

}  // namespace

TEST_CASE("header and row line up") {
  std::string out;
  append_header(out);
  append_row(out, 0, {1, "dtrace", "", "", "BEGIN"});
  out += '\n';
  append_row(out, 12, {123456, "syscall", "vmlinux", "openat", "entry"});
  CHECK(out ==
        "CPU     ID                    FUNCTION:NAME\n"
        "  0      1                           :BEGIN \n"
        " 12 123456                     openat:entry ");
}

TEST_CASE("trace() pads numbers by type and sign") {
  CHECK(traced(Value::integer(-1, 8)) == "                  -1");
  CHECK(traced(Value::integer(INT64_MIN, 8)) == " -9223372036854775808");
  CHECK(traced(Value::integer(-1, 8, false)) == " 18446744073709551615");
  CHECK(traced(Value::integer(7, 4)) == "          7");
  CHECK(traced(Value::integer(-1, 4, false)) == " 4294967295");
  CHECK(traced(Value::integer(-1, 2)) == "    -1");
  CHECK(traced(Value::integer(-1, 2, false)) == " 65535");
  CHECK(traced(Value::integer(-1, 1)) == "  -1");
  CHECK(traced(Value::integer(-1, 1, false)) == " 255");
  CHECK(traced(Value::integer(-5, 4), true) == "-5");
  CHECK(traced(Value::integer(-1, 8, false), true) == "18446744073709551615");
}

TEST_CASE("trace() of strings") {
  CHECK(traced(Value::string("hello")) == "  hello                            ");
  CHECK(traced(Value::string("hello"), true) == "hello");
  CHECK(traced(Value::string("")) == "                                   ");
  const std::string longer(40, 'x');
  CHECK(traced(Value::string(longer)) == "  " + longer);
}

TEST_CASE("char arrays print as text only when they look like it") {
  using namespace std::string_literals;
  CHECK(traced(Value::bytes("aAbBcCdD\0"s, HP_FIELD_CHAR | HP_FIELD_ARRAY)) ==
        "  aAbBcCdD                         ");
  CHECK(traced(Value::bytes("ab"s, HP_FIELD_CHAR | HP_FIELD_ARRAY)) ==
        "  ab                               ");
  const char* dump =
      "\n             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef\n"
      "         0: 61 41 62 42 63 05 64 44 00                       aAbBc.dD.\n";
  CHECK(traced(Value::bytes("aAbBc\005dD\0"s, HP_FIELD_CHAR | HP_FIELD_ARRAY)) == dump);
}

TEST_CASE("dumps have sixteen bytes a line") {
  std::string bytes;
  for (int i = 0; i < 18; ++i) bytes += static_cast<char>(0x3a + i);
  std::string out;
  append_dump(out, bytes);
  CHECK(out ==
        "\n             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef\n"
        "         0: 3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49  :;<=>?@ABCDEFGHI\n"
        "        10: 4a 4b                                            JK\n");
  out.clear();
  append_dump(out, "");
  CHECK(out.empty());
}

TEST_CASE("rawbytes dumps whatever is traced") {
  CHECK(traced(Value::integer(0x41, 2), false, true) ==
        "\n             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef\n"
        "         0: 41 00                                            A.\n");
}

TEST_CASE("keys: narrow integers print unsigned, wide ones signed, as dtrace does") {
  CHECK(key(Value::integer(-2, 1)) == " 254");
  CHECK(key(Value::integer(-2, 2)) == " 65534");
  CHECK(key(Value::integer(-2, 4)) == "       -2");
  CHECK(key(Value::integer(-2, 8)) == "               -2");
  CHECK(key(Value::string("read")) == "  read                                              ");
}

TEST_CASE("stacks") {
  std::string out;
  const uint64_t pcs[] = {0x401000, 0x7fffdead, 0, 5};
  Value v = Value::bytes({reinterpret_cast<const char*>(pcs), sizeof pcs}, HP_FIELD_USTACK);
  append_stack(out, v, 14);
  CHECK(out == "\n              0x401000\n              0x7fffdead\n");
  struct Names final : SymbolSource {
    std::string address_text(uint64_t whose, uint64_t address) const override {
      return std::to_string(whose) + "`" + std::to_string(address);
    }
    uint64_t function_start(uint64_t, uint64_t address) const override { return address; }
    std::string module_text(uint64_t, uint64_t) const override { return ""; }
  } names;
  v.symbols = &names;
  out.clear();
  append_stack(out, v, 2);
  CHECK(out == "\n  5`4198400\n  5`2147475117\n"); /* the last word says whose they are */
}

TEST_CASE("escapes of %S") {
  CHECK(escape_text("a\tb\n\"\\\x01\xff") == "a\\tb\\n\\\"\\\\\\001\\377");
}

TEST_CASE("times are local") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  const uint64_t t = 123787200ull * 1000000000ull + 5;
  CHECK(time_text(t) == "1973 Dec  3 17:20:00");
  CHECK(time822_text(t) == "Mon, 03 Dec 1973 17:20:00 UTC");
}
