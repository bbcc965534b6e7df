/* The ACPI tables, found and checked as an operating system does. Against the specification's own compiler:
 * acpi_iasl. */
#include "machine/acpi.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <numeric>
#include <vector>

#include "machine/aml.hpp"

using namespace hp;
using namespace hp::machine;

namespace {

constexpr Gpa kAt{0xe0000};

template <class T>
T at(const std::string& bytes, size_t offset) {
  T value;
  REQUIRE(offset + sizeof value <= bytes.size());
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}
unsigned sum(std::string_view s) {
  return std::accumulate(s.begin(), s.end(), 0u,
                         [](unsigned n, char c) { return n + static_cast<uint8_t>(c); }) &
         0xff;
}

struct Tables {
  explicit Tables(const AcpiOptions& o) : all(acpi_tables(o, kAt)) {
    REQUIRE(all.starts_with("RSD PTR "));
    CHECK(sum(std::string_view(all).substr(0, 20)) == 0);
    CHECK(sum(std::string_view(all).substr(0, 36)) == 0);
    const std::string xsdt = table(at<uint64_t>(all, 24), "XSDT");
    for (size_t i = 36; i < xsdt.size(); i += 8) {
      const auto address = at<uint64_t>(xsdt, i);
      const std::string name = all.substr(address - kAt.value, 4);
      found[name] = table(address, name);
    }
  }
  std::string table(uint64_t address, const std::string& name) const {
    const uint64_t offset = address - kAt.value;
    REQUIRE(offset < all.size());
    const auto length = at<uint32_t>(all, offset + 4);
    REQUIRE(length <= all.size() - offset);
    std::string t = all.substr(offset, length);
    CHECK(t.substr(0, 4) == name);
    if (name != "FACS") CHECK(sum(t) == 0);
    return t;
  }
  std::string all;
  std::map<std::string, std::string> found;
};

}  // namespace

TEST_CASE("every table is reachable from the RSDP and has a right checksum") {
  const Tables t({.cpus = 4, .devices = {{Gpa(0xd0000000), 0x1000, 16}}});
  REQUIRE(t.found.contains("FACP"));
  REQUIRE(t.found.contains("APIC"));
  const std::string& fadt = t.found.at("FACP");
  CHECK(fadt.size() == 276);
  t.table(at<uint32_t>(fadt, 40), "DSDT");
  CHECK(at<uint64_t>(fadt, 140) == at<uint32_t>(fadt, 40));
  t.table(at<uint32_t>(fadt, 36), "FACS");
  CHECK(at<uint32_t>(fadt, 36) % 64 == 0);
  CHECK(at<uint32_t>(fadt, 56) == kPortPm);
  CHECK(at<uint32_t>(fadt, 64) == kPortPm + 4);
  CHECK(at<uint16_t>(fadt, 46) == kPinSci);
  CHECK(at<uint64_t>(fadt, 120) == kPortReset);
}

TEST_CASE("the MADT has an enabled local APIC for each CPU, and one IOAPIC") {
  const Tables t({.cpus = 3});
  const std::string& madt = t.found.at("APIC");
  std::vector<uint8_t> ids;
  int ioapics = 0;
  for (size_t i = 44; i < madt.size(); i += static_cast<uint8_t>(madt[i + 1])) {
    REQUIRE(madt[i + 1] >= 6);
    if (madt[i] == 0) {
      CHECK(at<uint32_t>(madt, i + 4) == 1);
      ids.push_back(at<uint8_t>(madt, i + 3));
    } else if (madt[i] == 1) {
      CHECK(at<uint32_t>(madt, i + 4) == kIoApic);
      ++ioapics;
    }
  }
  CHECK(ids == std::vector<uint8_t>{0, 1, 2});
  CHECK(ioapics == 1);
}

TEST_CASE("the tables of the largest machine fit below 1 MiB") {
  AcpiOptions o{.cpus = 254};
  for (uint32_t i = 0; i < 16; ++i) o.devices.push_back({Gpa(0xd0000000 + i * 0x1000), 0x1000, i});
  CHECK(acpi_tables(o, kAt).size() < 0x20000);
}

TEST_CASE("terms of AML are encoded as the specification has them") {
  using namespace std::literals;
  CHECK(aml::integer(0) == "\0"s);
  CHECK(aml::integer(1) == "\1"s);
  CHECK(aml::integer(0x12) == "\x0a\x12"s);
  CHECK(aml::integer(0x1234) == "\x0b\x34\x12"s);
  CHECK(aml::integer(0x12345678) == "\x0c\x78\x56\x34\x12"s);
  CHECK(aml::string("ab") ==
        "\x0d"
        "ab\0"s);
  CHECK(aml::eisa_id("PNP0501") == "\x0c\x41\xd0\x05\x01"s);
  CHECK(aml::name("_UID", aml::integer(1)) == "\x08_UID\1"s);
  /* Package lengths of one, two and three bytes count themselves. */
  const auto scope_head = [](size_t body) {
    return aml::scope("ABCD", std::string(body, 'x')).substr(1, 3);
  };
  CHECK(scope_head(58).substr(0, 1) == "\x3f"s);
  CHECK(scope_head(59).substr(0, 2) == "\x41\x04"s);
  CHECK(scope_head(4089).substr(0, 2) == "\x4f\xff"s);
  CHECK(scope_head(4090) == "\x81\x00\x01"s);
}
