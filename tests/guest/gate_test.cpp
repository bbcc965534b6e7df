/* The slot gate's protocol, run natively: the gate page is ordinary user code as long as the slot answers,
 * so a thread plays the helper and the test plays the guest. */
#include <doctest/doctest.h>
#include <sys/mman.h>

#include <cstring>
#include <thread>

#include "slot.hpp"

extern "C" const char hp_gate_page[], hp_gate_page_end[], hp_gate3_slot[];

using namespace hp::guest;

namespace {

struct Gate {
  Gate() {
    base = static_cast<char*>(
        mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(base != MAP_FAILED);
    std::memcpy(base, hp_gate_page, static_cast<size_t>(hp_gate_page_end - hp_gate_page));
    REQUIRE(mprotect(base, 4096, PROT_READ | PROT_EXEC) == 0);
    slot = reinterpret_cast<Slot*>(base + 4096);
  }
  ~Gate() { munmap(base, 8192); }

  /* A SYSCALL as the processor makes it: RCX = return address, R11 = RFLAGS, then LSTAR. */
  uint64_t call(uint64_t nr, const uint64_t (&args)[6], uint64_t* flags_after) {
    auto* entry = base + (hp_gate3_slot - hp_gate_page);
    uint64_t result = nr, after;
    register uint64_t r10 asm("r10") = args[3];
    register uint64_t r8 asm("r8") = args[4];
    register uint64_t r9 asm("r9") = args[5];
    asm volatile(
        "stc\n"
        "pushfq\n"
        "popq %%r11\n"
        "leaq 1f(%%rip), %%rcx\n"
        "jmp *%[entry]\n"
        "1: pushfq\n"
        "popq %[after]\n"
        : "+a"(result), [after] "=&b"(after), "+r"(r10), "+r"(r8), "+r"(r9)
        : [entry] "r"(entry), "D"(args[0]), "S"(args[1]), "d"(args[2])
        : "rcx", "r11", "memory", "cc");
    *flags_after = after;
    return result;
  }
  char* base;
  Slot* slot;
};

}  // namespace

TEST_CASE("a claimed call carries its registers to the helper and its result back, flags kept") {
  Gate gate;
  constexpr int kCalls = 300; /* on a crowded machine each may cost a time slice */
  std::thread helper([&] {
    for (int i = 0; i < kCalls; ++i) {
      __atomic_store_n(&gate.slot->claim, 1, __ATOMIC_RELEASE);
      while (__atomic_load_n(&gate.slot->claim, __ATOMIC_ACQUIRE) & 1) std::this_thread::yield();
      uint64_t sum = gate.slot->nr;
      for (uint64_t a : gate.slot->args) sum = sum * 31 + a;
      gate.slot->result = sum;
      __atomic_store_n(&gate.slot->done, kSlotDone, __ATOMIC_RELEASE);
      while (__atomic_load_n(&gate.slot->done, __ATOMIC_ACQUIRE)) std::this_thread::yield();
    }
  });
  uint64_t wrong = 0, carry_lost = 0;
  for (uint64_t i = 0; i < kCalls; ++i) {
    while (!(__atomic_load_n(&gate.slot->claim, __ATOMIC_ACQUIRE) & 1)) std::this_thread::yield();
    const uint64_t args[6] = {i, i + 1, i * 3, ~i, i << 20, 7};
    uint64_t expected = i + 100, flags;
    for (uint64_t a : args) expected = expected * 31 + a;
    wrong += gate.call(i + 100, args, &flags) != expected;
    carry_lost += !(flags & 1);
  }
  helper.join();
  CHECK(wrong == 0);
  CHECK(carry_lost == 0);
  CHECK(gate.slot->done == 0);
}

TEST_CASE("the slot's cache lines are what the layout promises") {
  CHECK(offsetof(Slot, claim) / 64 == offsetof(Slot, args) / 64);
  CHECK(offsetof(Slot, done) / 64 == offsetof(Slot, result) / 64);
  CHECK(offsetof(Slot, claim) / 64 != offsetof(Slot, done) / 64);
  CHECK(offsetof(Slot, flags) / 64 != offsetof(Slot, done) / 64);
}
