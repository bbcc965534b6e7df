/* Placement of guest mappings, with the real mmap(2) in this process's own arena. */
#include "address_space.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

using namespace hp::guest;

namespace {

constexpr int kRw = PROT_READ | PROT_WRITE, kAnon = MAP_PRIVATE | MAP_ANONYMOUS;
/* A stretch that neither this test's own image nor its sanitizer uses. */
constexpr uint64_t kPlace = 0x3000'0000'0000;

struct Space : AddressSpace {
  Space() { set_mmap_top(kPlace); }
};

}  // namespace

TEST_CASE(
    "mappings go top-down and next to each other, and the hole of an unmapped one is used again") {
  Space s;
  int64_t a = s.mmap(0, 0x3000, kRw, kAnon, -1, 0);
  int64_t b = s.mmap(0, 0x1000, kRw, kAnon, -1, 0);
  REQUIRE(a > 0);
  REQUIRE(b > 0);
  CHECK(a == static_cast<int64_t>(kPlace) - 0x3000);
  CHECK(b == a - 0x1000);
  std::memset(reinterpret_cast<void*>(a), 1, 0x3000);
  CHECK(s.munmap(static_cast<uint64_t>(a), 0x3000) == 0);
  CHECK(s.mmap(0, 0x2000, kRw, kAnon, -1, 0) == static_cast<int64_t>(kPlace) - 0x2000);
  CHECK(s.munmap(static_cast<uint64_t>(b), 0x10000) == 0);
}

TEST_CASE("hints are taken when free and ignored when not, MAP_FIXED replaces, NOREPLACE refuses") {
  Space s;
  uint64_t at = kPlace - 0x100'0000;
  CHECK(s.mmap(at, 0x2000, kRw, kAnon, -1, 0) == static_cast<int64_t>(at));
  int64_t other = s.mmap(at + 0x1000, 0x1000, kRw, kAnon, -1, 0);
  CHECK(other != static_cast<int64_t>(at + 0x1000));
  CHECK(s.mmap(at, 0x1000, kRw, kAnon | MAP_FIXED_NOREPLACE, -1, 0) == -EEXIST);
  std::memset(reinterpret_cast<void*>(at), 7, 0x2000);
  CHECK(s.mmap(at, 0x1000, kRw, kAnon | MAP_FIXED, -1, 0) == static_cast<int64_t>(at));
  CHECK(*reinterpret_cast<char*>(at) == 0);
  CHECK(*reinterpret_cast<char*>(at + 0x1000) == 7);
  CHECK(s.munmap(at, 0x2000) == 0);
  CHECK(s.munmap(static_cast<uint64_t>(other), 0x1000) == 0);
}

TEST_CASE("the monitor's memory is out of reach of every call") {
  Space s;
  static char own[8192];
  auto at = reinterpret_cast<uint64_t>(own) & ~4095ull;
  auto stack = reinterpret_cast<uint64_t>(__builtin_frame_address(0)) & ~4095ull;
  for (uint64_t mine : {at, stack}) {
    CAPTURE(mine);
    CHECK_FALSE(in_arena(mine, 1));
    CHECK(s.mmap(mine, 4096, kRw, kAnon | MAP_FIXED, -1, 0) == -ENOMEM);
    CHECK(s.munmap(mine, 4096) == -EINVAL);
    CHECK(s.mremap(mine, 4096, 8192, MREMAP_MAYMOVE, 0) == -EFAULT);
  }
  CHECK_FALSE(in_arena(0, 4096));
  CHECK_FALSE(in_arena(~0ull - 100, 200));
  /* A range that only starts in the arena. */
  CHECK_FALSE(in_arena(kArenaTop - 4096, 8192));
}

TEST_CASE("arguments that Linux refuses") {
  Space s;
  CHECK(s.mmap(0, 0, kRw, kAnon, -1, 0) == -EINVAL);
  CHECK(s.mmap(0, ~0ull - 4096, kRw, kAnon, -1, 0) == -ENOMEM);
  CHECK(s.mmap(kPlace + 1, 4096, kRw, kAnon | MAP_FIXED, -1, 0) == -EINVAL);
  CHECK(s.mmap(0, 4096, kRw, MAP_PRIVATE, -1, 0) == -EBADF);
  CHECK(s.munmap(kPlace + 1, 4096) == -EINVAL);
  CHECK(s.munmap(kPlace, 0) == -EINVAL);
}

TEST_CASE("mremap grows in place when it can, moves when it must, and keeps the contents") {
  Space s;
  uint64_t low = kPlace - 0x200'0000;
  REQUIRE(s.mmap(low, 0x1000, kRw, kAnon | MAP_FIXED, -1, 0) > 0);
  *reinterpret_cast<int*>(low) = 42;
  CHECK(s.mremap(low, 0x1000, 0x3000, 0, 0) == static_cast<int64_t>(low));
  REQUIRE(s.mmap(low + 0x3000, 0x1000, kRw, kAnon | MAP_FIXED, -1, 0) > 0);
  CHECK(s.mremap(low, 0x3000, 0x5000, 0, 0) == -ENOMEM);
  int64_t moved = s.mremap(low, 0x3000, 0x5000, MREMAP_MAYMOVE, 0);
  REQUIRE(moved > 0);
  CHECK(moved != static_cast<int64_t>(low));
  CHECK(*reinterpret_cast<int*>(moved) == 42);
  CHECK_FALSE(s.mapped(low));
  CHECK(s.mapped(low + 0x3000));
  CHECK(s.mremap(static_cast<uint64_t>(moved), 0x5000, 0x1000, 0, 0) == moved);
  CHECK_FALSE(s.mapped(static_cast<uint64_t>(moved) + 0x1000));
  s.munmap(static_cast<uint64_t>(moved), 0x1000);
  s.munmap(low + 0x3000, 0x1000);
}

TEST_CASE("brk grows and shrinks, and stops at whatever is in the way") {
  Space s;
  uint64_t start = kPlace - 0x400'0000;
  s.set_brk(start);
  CHECK(s.brk(0) == static_cast<int64_t>(start));
  CHECK(s.brk(start + 0x1800) == static_cast<int64_t>(start + 0x1800));
  std::memset(reinterpret_cast<void*>(start), 9, 0x1800);
  REQUIRE(s.mmap(start + 0x4000, 0x1000, kRw, kAnon | MAP_FIXED, -1, 0) > 0);
  CHECK(s.brk(start + 0x5000) == static_cast<int64_t>(start + 0x1800));
  CHECK(s.brk(start + 0x4000) == static_cast<int64_t>(start + 0x4000));
  CHECK(s.brk(start) == static_cast<int64_t>(start));
  CHECK_FALSE(s.mapped(start));
  CHECK(s.brk(start + 0x1000) == static_cast<int64_t>(start + 0x1000));
  CHECK(*reinterpret_cast<char*>(start) == 0); /* fresh pages */
  s.brk(start);
  s.munmap(start + 0x4000, 0x1000);
}

TEST_CASE("MAP_32BIT stays below 2 GiB") {
  Space s;
  int64_t a = s.mmap(0, 0x10000, kRw, kAnon | MAP_32BIT, -1, 0);
  if (!in_arena(0x4000'0000, 0x10000)) { /* a sanitizer's shadow is there */
    CHECK(a == -ENOMEM);
    return;
  }
  REQUIRE(a > 0);
  CHECK(a < 1ll << 31);
  CHECK(s.munmap(static_cast<uint64_t>(a), 0x10000) == 0);
}
