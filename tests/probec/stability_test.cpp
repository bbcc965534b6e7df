/* Attributes and versions as values; what programs amount to is in tests/programs/probec. */
#include "probec/stability.hpp"

#include <doctest/doctest.h>

using namespace hp::probec;

TEST_CASE("attributes are three labels, spelled as they are printed") {
  const auto a = parse_attributes("Evolving/Private/ISA");
  REQUIRE(a.has_value());
  CHECK(*a == Attributes{Stability::Evolving, Stability::Private, Dependency::Isa});
  CHECK(to_string(*a) == "Evolving/Private/ISA");
  for (const char* bad :
       {"", "Stable", "Stable/Stable", "Stable/Stable/Stable", "Stable/Stable/Common/Common",
        "stable/Stable/Common", "/Stable/Common", "Common/Stable/Stable"})
    CHECK_FALSE_MESSAGE(parse_attributes(bad).has_value(), bad);
}

TEST_CASE("the least of two attributes is the least of each label") {
  const Attributes a{Stability::Standard, Stability::Private, Dependency::Common};
  const Attributes b{Stability::Evolving, Stability::Stable, Dependency::Platform};
  CHECK(minimum(a, b) == Attributes{Stability::Evolving, Stability::Private, Dependency::Platform});
  CHECK(less_stable(a, b));
  CHECK(less_stable(b, a));
  CHECK_FALSE(less_stable(a, a));
  CHECK(minimum(kMostStable, kPrivateUnknown) == kPrivateUnknown);
}

TEST_CASE("versions compare number by number") {
  CHECK(*parse_version("1") == version(1, 0, 0));
  CHECK(*parse_version("1.6.3") > *parse_version("1.6"));
  CHECK(*parse_version("2.0") > *parse_version("1.4095.4095"));
  CHECK(is_known_version(kLatestVersion));
  CHECK_FALSE(is_known_version(version(0, 0)));
}

TEST_CASE("Providers that only guests have") {
  using hp::probec::attributes_of_provider;
  using hp::probec::to_string;
  CHECK(to_string(attributes_of_provider("fbt").function) == "Private/Private/Unknown");
  CHECK(to_string(attributes_of_provider("fbt").name) == "Evolving/Evolving/ISA");
  CHECK(to_string(attributes_of_provider("rawtp").name) == "Private/Private/ISA");
  CHECK(to_string(attributes_of_provider("io").arguments) == "Evolving/Evolving/ISA");
  CHECK(to_string(attributes_of_provider("pid17").arguments) == "Private/Private/Unknown");
  CHECK(to_string(attributes_of_provider("pid").provider) == "Unstable/Unstable/Common");
  CHECK(to_string(attributes_of_provider("vmm").arguments) == "Evolving/Evolving/Common");
}
