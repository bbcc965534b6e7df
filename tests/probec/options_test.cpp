#include "probec/options.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace hp::probec;

TEST_CASE("options: sizes take k m g t in either case") {
  CHECK(*parse_size("0") == 0);
  CHECK(*parse_size("16k") == 16384);
  CHECK(*parse_size("2M") == 2u << 20);
  CHECK(*parse_size("1g") == 1u << 30);
  CHECK(*parse_size("1T") == 1ull << 40);
  for (const char* bad : {"", "k", "1x", "1kk", "-1", "99999999999999999999", "16777216t"})
    CHECK_FALSE(parse_size(bad));
}

TEST_CASE("options: rates are the time between events and bare numbers are hz") {
  CHECK(*parse_rate("10ms") == 10000000);
  CHECK(*parse_rate("2s") == 2000000000);
  CHECK(*parse_rate("1sec") == 1000000000);
  CHECK(*parse_rate("100hz") == 10000000);
  CHECK(*parse_rate("100") == 10000000);
  CHECK(*parse_rate("5us") == 5000);
  CHECK(*parse_rate("7ns") == 7);
  CHECK(*parse_rate("1m") == 60000000000);
  CHECK(*parse_rate("1d") == 86400000000000);
  CHECK(*parse_rate("0") == 0);
  CHECK_FALSE(parse_rate("5 parsecs"));
  CHECK_FALSE(parse_rate("999999999999d"));
}

TEST_CASE("options: defaults, values by kind, refusals in dtrace's words") {
  Options options;
  CHECK(options.number(Option::strsize) == 256);
  CHECK(options.number(Option::switchrate) == 1000000000);
  CHECK_FALSE(options.is_set(Option::strsize));
  CHECK_FALSE(options.flag(Option::quiet));
  CHECK(options.set_assignment("quiet"));
  CHECK(options.flag(Option::quiet));
  CHECK(options.set_assignment("quiet=UnSeT"));
  CHECK_FALSE(options.flag(Option::quiet));
  CHECK(options.set_assignment("bufsize=8m"));
  CHECK(options.number(Option::bufsize) == 8u << 20);
  CHECK(options.is_set(Option::bufsize));
  CHECK(options.set_assignment("nonsense").error().message == kBadOptionName);
  CHECK(options.set_assignment("bufsize").error().message == kBadOptionValue);
  CHECK(options.set_assignment("bufsize=many").error().message == kBadOptionValue);
  CHECK(options.set_assignment("quiet=maybe").error().message == kBadOptionValue);
  CHECK(options.set_assignment("bufpolicy=square").error().message == kBadOptionValue);
  CHECK(options.number(Option::bufsize) == 8u << 20);
}

TEST_CASE("options: the environment sets every option by its name") {
  setenv("DTRACE_OPT_AGGSIZE", "64k", 1);
  setenv("DTRACE_OPT_QUIET", "", 1);
  Options options;
  CHECK(options.set_from_environment());
  CHECK(options.number(Option::aggsize) == 65536);
  CHECK(options.flag(Option::quiet));
  setenv("DTRACE_OPT_AGGSIZE", "lots", 1);
  CHECK_FALSE(options.set_from_environment());
  unsetenv("DTRACE_OPT_AGGSIZE");
  unsetenv("DTRACE_OPT_QUIET");
}
