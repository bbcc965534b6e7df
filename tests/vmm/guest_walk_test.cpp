#include "vmm/guest_walk.hpp"

#include <doctest/doctest.h>

#include <string>

#include "fake_machine.hpp"

using namespace hp;
using namespace hp::test;
using namespace hp::vmm;

namespace {

constexpr uint64_t kKernel = 0xffff888000000000, kUserText = 0x401000;
constexpr uint64_t kRam = 2 << 20; /* where tests keep their data */

struct Walk {
  explicit Walk(FakeMachine& m) : Walk(m, m.paging()) {}
  Walk(FakeMachine& m, VcpuView::Paging p) : walk(m.ram(), p) {}
  /* The first 8 bytes there, or the address that failed. */
  std::pair<uint64_t, uint64_t> load(uint64_t va) {
    uint64_t v = 0, bad = 0;
    return walk.read(&v, Gva(va), sizeof v, &bad) ? std::pair{v, uint64_t{0}}
                                                  : std::pair{uint64_t{0}, bad};
  }
  GuestWalk walk;
};
using Pair = std::pair<uint64_t, uint64_t>;

void put(FakeMachine& m, uint64_t pa, uint64_t v) {
  std::memcpy(m.host(pa), &v, sizeof v);
}
/* Entry of level 5 (index 4) to 1 (index 0) in a table. */
uint64_t& entry(FakeMachine& m, uint64_t table, uint64_t va, unsigned level) {
  return m.at(Gpa(table))[va >> (12 + 9 * level) & 511];
}

}  // namespace

TEST_CASE("pages of 4 KiB and 2 MiB translate, kernel and user alike") {
  FakeMachine m(8 << 20);
  REQUIRE(m.map(kKernel, 4 << 20, kWritable, kLargePageSize));
  REQUIRE(m.map(kUserText, kRam + 0x3000, kUser));
  put(m, (4 << 20) + 0x12345678 % kLargePageSize, 11);
  put(m, kRam + 0x3010, 22);
  Walk w(m);
  CHECK(w.load(kKernel + 0x12345678 % kLargePageSize) == Pair{11, 0});
  CHECK(w.load(kUserText + 0x10) == Pair{22, 0});
  CHECK(w.load(kUserText + 0x1000) == Pair{0, kUserText + 0x1000});
  CHECK(w.load(kKernel + kLargePageSize) == Pair{0, kKernel + kLargePageSize});
}

TEST_CASE("a page of 1 GiB translates, and ends where RAM does") {
  FakeMachine m;
  entry(m, FakeMachine::kRoot, kKernel, 3) = 0x2000 | kPresent | kWritable;
  entry(m, 0x2000, kKernel, 2) = 0 | kPresent | kWritable | kLarge;
  put(m, kRam + 8, 33);
  Walk w(m);
  CHECK(w.load(kKernel + kRam + 8) == Pair{33, 0});
  CHECK(w.load(kKernel + (4 << 20)) == Pair{0, kKernel + (4 << 20)});
  CHECK(w.load(kKernel + (4 << 20) - 4) == Pair{0, kKernel + (4 << 20)});
}

TEST_CASE("five levels translate, with 57 bits of address") {
  FakeMachine m;
  const uint64_t va = 0x00ab'cdef'0123'4000;
  uint64_t table = FakeMachine::kRoot;
  for (unsigned level = 4; level > 0; --level, table += kPageSize)
    entry(m, table, va, level) = (table + kPageSize) | kPresent | kWritable | kUser;
  entry(m, table, va, 0) = kRam | kPresent | kUser;
  put(m, kRam + 0x20, 44);
  auto paging = m.paging();
  paging.cr4 |= kLa57;
  Walk w(m, paging);
  CHECK(w.load(va + 0x20) == Pair{44, 0});
  Walk four(m);
  CHECK(four.load(va + 0x20) == Pair{0, va + 0x20});
}

TEST_CASE("addresses that are not canonical fault") {
  FakeMachine m;
  /* The entries that a walk would meet if it looked only at 48 bits. */
  REQUIRE(m.map(0x0000'7fff'ffff'f000, kRam, 0));
  REQUIRE(m.map(0x0000'0000'0000'0000, kRam, 0));
  Walk w(m);
  CHECK(w.load(0x7fff'ffff'f000) == Pair{0, 0});
  CHECK(w.load(0xffff'7fff'ffff'f000).second == 0xffff'7fff'ffff'f000);
  CHECK(w.load(0x0001'0000'0000'0000).second == 0x0001'0000'0000'0000);
  CHECK(w.load(0x53c0'0000'0000'0000).second == 0x53c0'0000'0000'0000);
  /* The last page before the hole: what follows it is not canonical. */
  CHECK(w.load(0x7fff'ffff'fffc).second == 0x8000'0000'0000);
  CHECK(w.load(~uint64_t{3}).second == ~uint64_t{3});
}

TEST_CASE("malformed entries fault") {
  FakeMachine m;
  REQUIRE(m.map(kKernel, 0, kWritable, kLargePageSize));
  REQUIRE(Walk(m).load(kKernel).second == 0);
  const uint64_t pdpt = entry(m, FakeMachine::kRoot, kKernel, 3) & ~0xfffull;
  const uint64_t pd = entry(m, pdpt, kKernel, 2) & ~0xfffull;
  SUBCASE("not present") {
    entry(m, pd, kKernel, 1) &= ~uint64_t{kPresent};
  }
  SUBCASE("reserved bits of a 2 MiB page") {
    entry(m, pd, kKernel, 1) |= 1 << 13;
  }
  SUBCASE("reserved bits of a 1 GiB page") {
    entry(m, pdpt, kKernel, 2) = 1 << 21 | kPresent | kLarge;
  }
  SUBCASE("a large page at the top level") {
    entry(m, FakeMachine::kRoot, kKernel, 3) |= kLarge;
  }
  SUBCASE("a table outside of RAM") {
    entry(m, pdpt, kKernel, 2) = 1ull << 40 | kPresent;
  }
  SUBCASE("a page outside of RAM") {
    entry(m, pd, kKernel, 1) = 1ull << 40 | kPresent | kLarge;
  }
  CHECK(Walk(m).load(kKernel) == Pair{0, kKernel});
}

TEST_CASE("the PAT bit of a large page is not an address") {
  FakeMachine m;
  REQUIRE(m.map(kKernel, 0, kWritable | 1 << 12, kLargePageSize));
  put(m, kRam - 8, 5);
  CHECK(Walk(m).load(kKernel + kRam - 8) == Pair{5, 0});
}

TEST_CASE("NX and the user bit do not stop a read") {
  FakeMachine m;
  REQUIRE(m.map(kKernel, kRam, 1ull << 63 | kUser));
  put(m, kRam, 6);
  CHECK(Walk(m).load(kKernel) == Pair{6, 0});
}

TEST_CASE(
    "reads cross pages that lie apart, and fail at the first byte of the one that is missing") {
  FakeMachine m;
  REQUIRE(m.map(kKernel, kRam + 0x5000));
  REQUIRE(m.map(kKernel + 0x1000, kRam + 0x1000));
  const char text[] = "across the border";
  std::memcpy(m.host(kRam + 0x5ffa), text, 6);
  std::memcpy(m.host(kRam + 0x1000), text + 6, sizeof text - 6);
  Walk w(m);
  char out[64];
  uint64_t bad = 0, length = 0;
  REQUIRE(w.walk.read(out, Gva(kKernel + 0xffa), sizeof text, &bad));
  CHECK(std::string(out) == text);
  REQUIRE(w.walk.read_string(out, Gva(kKernel + 0xffa), sizeof out, &length, &bad));
  CHECK(std::string(out, length) == text);
  REQUIRE(w.walk.read_string(out, Gva(kKernel + 0xffa), 10, &length, &bad));
  CHECK(std::string(out) == "across th");
  CHECK(length == 9);
  std::memset(m.host(kRam + 0x1000), 'x', kPageSize);
  CHECK(!w.walk.read_string(out, Gva(kKernel + 0x1ff0), sizeof out, &length, &bad));
  CHECK(bad == kKernel + 0x2000);
  CHECK(!w.walk.read(out, Gva(kKernel + 0x1ff0), sizeof out, &bad));
  CHECK(bad == kKernel + 0x2000);
}

TEST_CASE("writes honour the write bits of all levels and mark the page dirty") {
  FakeMachine m;
  REQUIRE(m.map(kUserText, kRam, kUser | kWritable));
  REQUIRE(m.map(kUserText + 0x1000, kRam + 0x1000, kUser));
  const uint64_t pdpt = entry(m, FakeMachine::kRoot, kUserText, 3) & ~0xfffull;
  const uint64_t pd = entry(m, pdpt, kUserText, 2) & ~0xfffull;
  uint64_t& leaf = entry(m, entry(m, pd, kUserText, 1) & ~0xfffull, kUserText, 0);
  leaf &= ~uint64_t{kDirty | kAccessed};
  uint64_t bad = 0;
  Walk w(m);
  REQUIRE(w.walk.write(Gva(kUserText + 1), "hi", 2, &bad));
  CHECK(m.host(kRam)[1] == 'h');
  CHECK((leaf & (kDirty | kAccessed)) == (kDirty | kAccessed));
  CHECK(!w.walk.write(Gva(kUserText + 0xfff), "hi", 2, &bad));
  CHECK(bad == kUserText + 0x1000);
  CHECK(m.host(kRam)[0xfff] == 'h');
  entry(m, pd, kUserText, 1) &= ~uint64_t{kWritable};
  CHECK(!Walk(m).walk.write(Gva(kUserText), "no", 2, &bad));
  CHECK(m.host(kRam)[0] == 0);
}

TEST_CASE("without paging an address is the memory's own, in the first 4 GiB") {
  FakeMachine m;
  put(m, kRam, 7);
  Walk w(m, kNoPaging);
  CHECK(w.load(kRam) == Pair{7, 0});
  CHECK(w.load(1ull << 32).second == 1ull << 32);
  Walk real(m, {kPagingOn | 1, FakeMachine::kRoot, 0, 0}); /* 32-bit paging */
  CHECK(real.load(kRam).second == kRam);
}
