/* Unwinder: the call stack of a traced thread in user mode, at the moment a probe fires.
 *
 * Each step finds the caller by the call frame information of the mapped file that the program counter
 * lies in (cfi.hpp); where there is none (generated code, hand-written assembly), by the frame
 * pointer. Rules that were worked out are kept by program counter, so that a known stack costs a few
 * dozen nanoseconds a frame. Everything is read from the process itself, checked and bounded.
 *
 * Thread-safe, allocates nothing after construction, takes no lock. */
#pragma once
#include <atomic>
#include <cstdint>

#include "handler/cfi.hpp"
#include "transport/fd.hpp"
#include "transport/module_map.hpp"

namespace hp::handler {

/* Registers by DWARF number; the return address is the program counter. Bit n of known: register n. */
struct UnwindState {
  uint64_t registers[kRegisters] = {};
  uint32_t known = 0;
};

class Unwinder {
 public:
  static constexpr size_t kCached = 4096;
  Unwinder();

  /* Program counters from the innermost frame outwards; returns how many, at most max. The first is
   * where the thread is, the others return addresses. modules may be nullptr. */
  uint32_t walk(GuestAccess&, const ModuleMap* modules, UnwindState, uint64_t* pcs,
                uint32_t max) noexcept;
  /* Rules that had to be worked out; for tests. */
  uint64_t misses() const { return misses_.load(std::memory_order_relaxed); }

 private:
  struct Rule;   /* what most rows come down to */
  struct Cached; /* a rule, its program counter and the map's generation */
  class Memory;

  bool rule_for(GuestAccess&, const ModuleMap*, uint64_t pc, Rule&, CfiRow& row) noexcept;
  bool cached(uint64_t pc, uint32_t generation, Rule&) const noexcept;
  void keep(uint64_t pc, uint32_t generation, const Rule&) noexcept;

  Mapping memory_;
  Cached* cache_ = nullptr;
  std::atomic<uint64_t> misses_{0};
};

}  // namespace hp::handler
