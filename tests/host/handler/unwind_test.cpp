#include "handler/unwind.hpp"

#include <doctest/doctest.h>
#include <link.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>
#include <random>

using namespace hp;
using handler::Unwinder;
using handler::UnwindState;

namespace {

/* This process's own memory; some bytes read otherwise than they are. */
struct Memory final : GuestAccess {
  uint64_t spoil = 0; /* one byte in so many, 0 = none */
  uint64_t seed = 0;
  int read(void* dst, uint64_t gva, size_t size, uint64_t* bad) noexcept override {
    iovec to{dst, size}, from{reinterpret_cast<void*>(gva), size};
    if (::process_vm_readv(::getpid(), &to, 1, &from, 1, 0) != static_cast<ssize_t>(size)) {
      *bad = gva;
      return HP_FLT_BADADDR;
    }
    auto* bytes = static_cast<uint8_t*>(dst);
    for (size_t i = 0; spoil != 0 && i < size; ++i) {
      const uint64_t h = (gva + i + seed) * 0x9e3779b97f4a7c15ull >> 20;
      if (h % spoil == 0) bytes[i] = static_cast<uint8_t>(h >> 24);
    }
    return 0;
  }
  int read_string(char*, uint64_t gva, size_t, uint64_t*, uint64_t* bad) noexcept override {
    *bad = gva;
    return HP_FLT_BADADDR;
  }
  int write(uint64_t gva, const void*, size_t, uint64_t* bad) noexcept override {
    *bad = gva;
    return HP_FLT_BADADDR;
  }
};

struct World {
  Memory memory;
  ModuleMap modules;
  World() {
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* p) {
          auto& w = *static_cast<World*>(p);
          Module m;
          for (int i = 0; i < info->dlpi_phnum; ++i) {
            const auto& h = info->dlpi_phdr[i];
            const uint64_t at = info->dlpi_addr + h.p_vaddr;
            if (h.p_type == PT_LOAD && (h.p_flags & PF_X)) m.start = at, m.end = at + h.p_memsz;
            if (h.p_type == PT_GNU_EH_FRAME) m.unwind = at;
          }
          w.modules.add(m);
          return 0;
        },
        this);
  }
};

/* Frames of the caller, as the compiler's own unwinder could tell. */
[[gnu::noinline]] uint32_t walk_here(World& w, Unwinder& unwinder, uint64_t* pcs, uint32_t max) {
  UnwindState s;
  uint64_t r[8];
  asm volatile(
      "leaq 0f(%%rip), %%rcx\n0: movq %%rcx, 0(%0)\n movq %%rbx, 8(%0)\n movq %%rsp, 16(%0)\n"
      "movq %%rbp, 24(%0)\n movq %%r12, 32(%0)\n movq %%r13, 40(%0)\n movq %%r14, 48(%0)\n"
      "movq %%r15, 56(%0)\n"
      :
      : "a"(r)
      : "rcx", "memory");
  const uint8_t numbers[] = {
      handler::kReturnAddress, handler::kRbx, handler::kRsp, handler::kRbp, 12, 13, 14, 15};
  for (int i = 0; i < 8; ++i) {
    s.registers[numbers[i]] = r[i];
    s.known |= 1u << numbers[i];
  }
  return unwinder.walk(w.memory, &w.modules, s, pcs, max);
}

[[gnu::noinline]] uint32_t below(int depth, World& w, Unwinder& u, uint64_t* pcs, uint32_t max) {
  const uint32_t n = depth == 0 ? walk_here(w, u, pcs, max) : below(depth - 1, w, u, pcs, max);
  asm volatile("");
  return n;
}

}  // namespace

TEST_CASE("Unwinder: one frame more for each function, rules are worked out once") {
  World w;
  Unwinder unwinder;
  uint64_t pcs[100];
  const uint32_t base = below(0, w, unwinder, pcs, 100);
  CHECK(base > 3);
  CHECK(below(5, w, unwinder, pcs, 100) == base + 5);
  for (int i = 3; i < 6; ++i) CHECK(pcs[i] == pcs[2]); /* the recursion's own return address */
  const uint64_t misses = unwinder.misses();
  CHECK(below(5, w, unwinder, pcs, 100) == base + 5);
  CHECK(unwinder.misses() - misses < misses / 2); /* all but what rules cannot say */
  CHECK(below(5, w, unwinder, pcs, 3) == 3);
  CHECK(below(0, w, unwinder, pcs, 0) == 0);
}

TEST_CASE("Unwinder: tables that lie lead nowhere, but no further than max frames") {
  World w;
  uint64_t pcs[64];
  std::mt19937_64 random(1);
  uint64_t frames = 0;
  for (int round = 0; round < 3000; ++round) {
    Unwinder unwinder;
    w.memory.spoil = 8u << random() % 8;
    w.memory.seed = random();
    const uint32_t n = below(3, w, unwinder, pcs, 64);
    CHECK(n <= 64);
    frames += n;
  }
  CHECK(frames >= 3000); /* the innermost is always known */
}

TEST_CASE("ModuleMap: what is unmapped, cut and moved") {
  ModuleMap map;
  Module m, found;
  m.start = 0x1000, m.end = 0x5000, m.offset = 0x100;
  map.add(m);
  const uint32_t generation = map.generation();
  CHECK(map.find(0x4fff, found));
  CHECK(!map.find(0x5000, found));
  map.remove(0x8000, 0x9000);
  CHECK(map.generation() == generation);
  map.remove(0x1000, 0x2000);
  CHECK(!map.find(0x1fff, found));
  REQUIRE(map.find(0x2000, found));
  CHECK(found.offset == 0x1100);
  map.move(0x2000, 0x3000, 0x10000);
  CHECK(!map.find(0x2000, found));
  REQUIRE(map.find(0x10000, found));
  CHECK(found.offset == 0x1100);
  CHECK(found.end == 0x13000);
  m.start = 0x12000, m.end = 0x14000, m.offset = 7;
  map.add(m); /* another file in its place */
  REQUIRE(map.find(0x12000, found));
  CHECK(found.offset == 7);
  CHECK(map.generation() != generation);
}
