/* printf() and printa() conversions. */
#include "host/printf.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>

#include "host/text.hpp"

using namespace hp;

namespace {

std::string print(std::string_view format, std::vector<Value> arguments = {},
                  std::vector<AggregationArgument> aggregations = {}) {
  const Result<Format> f = parse_format(format);
  REQUIRE_MESSAGE(f.has_value(), f.error().message);
  std::string out;
  append_printf(out, *f, arguments, aggregations);
  return out;
}

hp_obj_agg function(uint32_t func, uint32_t words) {
  hp_obj_agg a{};
  a.func = func;
  a.words = words;
  return a;
}

}  // namespace

TEST_CASE("literal text and %%") {
  CHECK(print("hello\n") == "hello\n");
  CHECK(print("100%%\n") == "100%\n");
  CHECK(print("") == "");
}

TEST_CASE("integers print by their own size and sign") {
  CHECK(print("%d", {Value::integer(-1, 8)}) == "-1");
  CHECK(print("%d", {Value::integer(-1, 4, false)}) == "4294967295");
  CHECK(print("%d", {Value::integer(INT64_MIN)}) == "-9223372036854775808");
  CHECK(print("%i", {Value::integer(7, 1)}) == "7");
  CHECK(print("%u", {Value::integer(-1, 8)}) == "18446744073709551615");
  CHECK(print("%u", {Value::integer(-1, 4)}) == "4294967295");
  CHECK(print("%x", {Value::integer(-1, 4)}) == "ffffffff");
  CHECK(print("%X", {Value::integer(-1, 2)}) == "FFFF");
  CHECK(print("%x", {Value::integer(-1, 1)}) == "ff");
  CHECK(print("%o", {Value::integer(8, 8)}) == "10");
  CHECK(print("%lld %ld %hd", {Value::integer(1), Value::integer(2), Value::integer(-3, 2)}) ==
        "1 2 -3");
  CHECK(print("%p", {Value::integer(0x1234)}) == "1234");
}

TEST_CASE("flags, width, precision") {
  CHECK(print("[%5d]", {Value::integer(42)}) == "[   42]");
  CHECK(print("[%-5d]", {Value::integer(42)}) == "[42   ]");
  CHECK(print("[%05d]", {Value::integer(42)}) == "[00042]");
  CHECK(print("[%+d]", {Value::integer(42)}) == "[+42]");
  CHECK(print("[% d]", {Value::integer(42)}) == "[ 42]");
  CHECK(print("[%#x]", {Value::integer(42)}) == "[0x2a]");
  CHECK(print("[%#o]", {Value::integer(8)}) == "[010]");
  CHECK(print("[%.4d]", {Value::integer(42)}) == "[0042]");
  CHECK(print("[%8.4d]", {Value::integer(42)}) == "[    0042]");
  CHECK(print("[%*d]", {Value::integer(6, 4), Value::integer(42)}) == "[    42]");
  CHECK(print("[%*d]", {Value::integer(-6, 4), Value::integer(42)}) == "[42    ]");
  CHECK(print("[%.*s]", {Value::integer(2, 4), Value::string("abc")}) == "[ab]");
}

TEST_CASE("strings and characters") {
  CHECK(print("[%s]", {Value::string("abc")}) == "[abc]");
  CHECK(print("[%10s]", {Value::string("abc")}) == "[       abc]");
  CHECK(print("[%-10s]", {Value::string("abc")}) == "[abc       ]");
  CHECK(print("[%.2s]", {Value::string("abc")}) == "[ab]");
  CHECK(print("[%-10.2s]", {Value::string("abc")}) == "[ab        ]");
  CHECK(print("[%s]", {Value::bytes(std::string("ab\0cd", 5))}) == "[ab]");
  CHECK(print("%S", {Value::string("a\nb")}) == "a\\nb");
  CHECK(print("%c%c", {Value::integer('o', 1), Value::integer('k', 4)}) == "ok");
  CHECK(print("[%3c]", {Value::integer('o', 1)}) == "[  o]");
  CHECK(print("%C", {Value::integer('\t', 1)}) == "\\t");
  CHECK(print("%wc", {Value::integer(0xe9, 4)}) == "\xc3\xa9");
  const wchar_t wide[] = L"h\u00e9";
  CHECK(print("%ws", {Value::bytes({reinterpret_cast<const char*>(wide), sizeof wide})}) ==
        "h\xc3\xa9");
  const std::string longer(5000, 'x');
  CHECK(print("%s", {Value::string(longer)}) == longer);
}

TEST_CASE("times, addresses, stacks, floating point") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  const int64_t t = 123787200ll * 1000000000ll;
  CHECK(print("%Y", {Value::integer(t)}) == "1973 Dec  3 17:20:00");
  CHECK(print("%T", {Value::integer(t)}) == "Mon, 03 Dec 1973 17:20:00 UTC");
  CHECK(print("%a %A", {Value::integer(0x10), Value::integer(0x20)}) == "0x10 0x20");
  const uint64_t pcs[] = {0x1000, 0x2000, 0};
  const Value stack =
      Value::bytes({reinterpret_cast<const char*>(pcs), sizeof pcs}, HP_FIELD_USTACK);
  CHECK(print("%k", {stack}) == "\n0x1000\n0x2000\n");
  CHECK(print("%-4k", {stack}) == "\n    0x1000\n    0x2000\n");
  const double d = 1.5;
  CHECK(print("%.2f", {Value::bytes({reinterpret_cast<const char*>(&d), sizeof d})}) == "1.50");
}

TEST_CASE("missing arguments print nothing") {
  CHECK(print("a %d b") == "a  b");
  CHECK(print("a %*d b", {Value::integer(1)}) == "a  b");
}

TEST_CASE("printa: one aggregation") {
  const hp_obj_agg count = function(HP_AGG_COUNT, 1);
  const uint64_t words[] = {5};
  CHECK(print("%-6s %@d\n", {Value::string("read")}, {{&count, words, 1}}) == "read   5\n");
  CHECK(print("%@8u|%s", {Value::string("read")}, {{&count, words, 1}}) == "       5|read");
  CHECK(print("%@d", {}, {{&count, words, 2}}) == "2");
  CHECK(print("%@x", {}, {{&count, words, 1}}) == "5");
}

TEST_CASE("printa: averages and deviations are computed, normalised") {
  const hp_obj_agg avg = function(HP_AGG_AVG, 2), stddev = function(HP_AGG_STDDEV, 4);
  const uint64_t average[] = {4, 100};
  CHECK(print("%@d", {}, {{&avg, average, 1}}) == "25");
  CHECK(print("%@d", {}, {{&avg, average, 5}}) == "5");
  const uint64_t none[] = {0, 0};
  CHECK(print("%@d", {}, {{&avg, none, 1}}) == "0");
  /* 2 4 4 4 5 5 7 9: sum 40, squares 232, deviation 2 */
  const uint64_t deviation[] = {8, 40, 232, 0};
  CHECK(print("%@d", {}, {{&stddev, deviation, 1}}) == "2");
  const auto negative = static_cast<uint64_t>(-40);
  const uint64_t mirrored[] = {8, negative, 232, 0};
  CHECK(print("%@d", {}, {{&stddev, mirrored, 1}}) == "2");
  /* two values of +-2^62: squares sum to 2^125 */
  const uint64_t large[] = {2, 0, 0, uint64_t{1} << 61};
  CHECK(print("%@d", {}, {{&stddev, large, 1}}) == std::to_string(int64_t{1} << 62));
}

TEST_CASE("printa: several aggregations are taken in turn, the last again and again") {
  const hp_obj_agg count = function(HP_AGG_COUNT, 1), sum = function(HP_AGG_SUM, 1);
  const uint64_t a[] = {3}, b[] = {static_cast<uint64_t>(-7)};
  CHECK(print("%@d %@d %@d", {}, {{&count, a, 1}, {&sum, b, 1}}) == "3 -7 -7");
}

TEST_CASE("printa: a distribution takes lines of its own") {
  hp_obj_agg lq = function(HP_AGG_LQUANTIZE, 5);
  lq.param[0] = 0;
  lq.param[1] = 3;
  lq.param[2] = 1;
  const uint64_t words[] = {0, 0, 1, 0, 0};
  CHECK(print("x%@dy", {}, {{&lq, words, 1}}) ==
        "x\n           value  ------------- Distribution ------------- count    \n"
        "               0 |                                         0        \n"
        "               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        \n"
        "               2 |                                         0        \ny");
}
