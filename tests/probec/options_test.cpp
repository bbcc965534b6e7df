#include "probec/options.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace hp::probec;

TEST_CASE("options: sizes take k m g t in either case, and C's bases") {
  CHECK(*parse_size("0") == 0);
  CHECK(*parse_size("16k") == 16384);
  CHECK(*parse_size("2M") == 2u << 20);
  CHECK(*parse_size("1g") == 1u << 30);
  CHECK(*parse_size("1T") == 1ull << 40);
  CHECK(*parse_size("0x10k") == 16384);
  CHECK(*parse_size("010") == 8);
  CHECK(*parse_size(" +5") == 5);
  CHECK(*parse_size("8388607t") == 8388607ull << 40);
  for (const char* bad : {"", "k", "1x", "1kk", "-1", "1.5m", "1 k", "0x", "99999999999999999999",
                          "8388608t", "9223372036854775808"})
    CHECK_FALSE_MESSAGE(parse_size(bad), bad);
}

TEST_CASE("options: rates are the time between events and bare numbers are nanoseconds") {
  CHECK(*parse_rate("10ms") == 10000000);
  CHECK(*parse_rate("2s") == 2000000000);
  CHECK(*parse_rate("1sec") == 1000000000);
  CHECK(*parse_rate("100hz") == 10000000);
  CHECK(*parse_rate("100HZ") == 10000000);
  CHECK(*parse_rate("0hz") == 0);
  CHECK(*parse_rate("100") == 100);
  CHECK(*parse_rate("5us") == 5000);
  CHECK(*parse_rate("7ns") == 7);
  CHECK(*parse_rate("1m") == 60000000000);
  CHECK(*parse_rate("1d") == 86400000000000);
  CHECK(*parse_rate("0") == 0);
  for (const char* bad : {"5 parsecs", "999999999999d", "hz", "", "-1", "1.5s", "1g"})
    CHECK_FALSE_MESSAGE(parse_rate(bad), bad);
}

TEST_CASE("options: defaults, values by kind, refusals in dtrace's words") {
  Options options;
  CHECK(options.number(Option::strsize) == 256);
  CHECK(options.number(Option::switchrate) == 1000000000);
  CHECK_FALSE(options.is_set(Option::strsize));
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

TEST_CASE("options: a flag is on by its name, a word or any number, and off by a word") {
  for (const char* on : {"quiet", "quiet=0", "quiet=1", "quiet=7", "quiet=yes", "quiet=ON",
                         "quiet=set", "quiet=true", "quiet=enabled"}) {
    Options options;
    CHECK(options.set_assignment(on));
    CHECK_MESSAGE(options.flag(Option::quiet), on);
  }
  for (const char* off : {"quiet=", "quiet=no", "quiet=OFF", "quiet=UnSeT", "quiet=false",
                          "quiet=disable", "quiet=disabled"}) {
    Options options;
    CHECK(options.set_assignment("quiet"));
    CHECK(options.set_assignment(off));
    CHECK_FALSE_MESSAGE(options.flag(Option::quiet), off);
  }
}

TEST_CASE("options: switches take no value, numbers take a flag's words") {
  Options options;
  CHECK(options.set_assignment("zdefs=1").error().message == kBadOptionValue);
  CHECK_FALSE(options.flag(Option::zdefs));
  CHECK(options.set_assignment("zdefs"));
  CHECK(options.flag(Option::zdefs));
  CHECK(options.set_assignment("knodefs"));
  CHECK(options.set_assignment("kdefs"));
  CHECK_FALSE(options.flag(Option::knodefs));
  CHECK(options.set_assignment("nspec=on"));
  CHECK(options.number(Option::nspec) == 1);
  CHECK(options.set_assignment("stackframes=5"));
  CHECK(options.set_assignment("stackframes=unset"));
  CHECK(options.number(Option::stackframes) == 20);
  CHECK(options.set_assignment("tree").error().message == kBadOptionValue);
  CHECK(options.set_assignment("tree=on").error().message == kBadOptionValue);
  CHECK(options.set_assignment("tree=3"));
}

TEST_CASE("options: who may set what") {
  Options options;
  CHECK(options.set_assignment("incdir=/x", OptionSetter::Program).error().message ==
        kBadOptionContext);
  CHECK(options.set_assignment("incdir=/x"));
  CHECK(options.set("strsize", "64", OptionSetter::Running).error().message == kOptionWhileActive);
  CHECK(options.set("strsize", "64", OptionSetter::Program));
  CHECK(options.set("quiet", std::nullopt, OptionSetter::Running));
}

TEST_CASE("options: versions go down only, and have to exist") {
  Options options;
  CHECK(options.version() == kLatestVersion);
  CHECK(options.set_assignment("version=1.6.1"));
  CHECK(options.version() == version(1, 6, 1));
  CHECK(options.set_assignment("version=2.0").error().message ==
        "Requested version conflicts with earlier setting");
  CHECK(options.set_assignment("version=1.0"));
  CHECK(options.set_assignment("version=0.9").error().message ==
        "Requested version is not supported by compiler");
  for (const char* bad : {"version=1.x", "version=1.2.3.4", "version=256.0", "version=1.4096"})
    CHECK(options.set_assignment(bad).error().message ==
          "Version is not properly formatted or is too large");
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

TEST_CASE("options: the environment may say yes or no to a switch, and speak to others") {
  setenv("DTRACE_OPT_ERRTAGS", "1", 1);
  setenv("DTRACE_OPT_DROPTAGS", "no", 1);
  setenv("DTRACE_OPT_NOT_AN_OPTION_HERE", "5", 1);
  Options options;
  CHECK(options.set_from_environment());
  CHECK(options.flag(Option::errtags));
  CHECK_FALSE(options.flag(Option::droptags));
  unsetenv("DTRACE_OPT_ERRTAGS");
  unsetenv("DTRACE_OPT_DROPTAGS");
  unsetenv("DTRACE_OPT_NOT_AN_OPTION_HERE");
}
