/* The guest's part of this process's address space: what is mapped where, and where to place the
 * rest.
 *
 * The kernel does the mapping; this class decides the addresses, so that guest and monitor never
 * collide, and refuses what would touch the monitor. The arena is [kArenaLow, kArenaTop) without
 * the 64 MiB-aligned surroundings of the monitor's own mappings, which are read once at start; the
 * monitor's later mappings go above kArenaTop, where the kernel puts them.
 *
 * RLIMIT_AS and RLIMIT_DATA of the guest hold for the guest's mappings alone (limits.hpp). RLIMIT_AS goes
 * by the ranges in use; RLIMIT_DATA, where one is set, by /proc/self/maps.
 *
 * Functions named after system calls take their arguments and return what RAX gets (-errno).
 * Thread-safe. lock()/unlock() exist for fork(2). */
#pragma once
#include <cstdint>
#include <map>
#include <mutex>

#include "transport/address.hpp"
#include "transport/module_map.hpp"

namespace hp::guest {

inline constexpr uint64_t kArenaLow = 0x10000;
inline constexpr uint64_t kArenaTop = 0x700000000000ull;

/* Is [addr, addr+size) guest memory's place (mapped or not)? Async-signal-safe, no lock. */
bool in_arena(uint64_t addr, uint64_t size);
/* How many bytes from addr on are guest memory's place; 0: not even the first. Likewise safe. */
uint64_t arena_left(uint64_t addr);

class AddressSpace {
 public:
  AddressSpace(); /* one at a time: in_arena() knows the latest */
  ~AddressSpace();
  AddressSpace(const AddressSpace&) = delete;
  AddressSpace& operator=(const AddressSpace&) = delete;

  int64_t mmap(uint64_t addr, uint64_t size, int prot, int flags, int fd, uint64_t offset);
  int64_t munmap(uint64_t addr, uint64_t size);
  int64_t mremap(uint64_t old, uint64_t old_size, uint64_t size, int flags, uint64_t fixed);
  int64_t brk(uint64_t end);
  int64_t shmat(int id, uint64_t addr, int flags);
  int64_t shmdt(uint64_t addr);

  /* A free range of this size below the mmap top (or below `limit`), 0 = none. */
  uint64_t find_gap(uint64_t size, uint64_t align = kPageSize, uint64_t limit = 0);
  /* The stack of the process, in a place found free. It counts against RLIMIT_AS only as far as the
   * kernel would have mapped it at once. */
  int64_t map_stack(uint64_t start, uint64_t size);
  /* Does RLIMIT_DATA allow this mprotect(2)? */
  bool may_protect(uint64_t addr, uint64_t size, int prot);
  /* Bytes that count against RLIMIT_AS. */
  uint64_t size();
  /* Does any mapping cover this address? */
  bool mapped(uint64_t addr);
  /* A range free of mappings that starts at or above `base`, for a program image. */
  uint64_t find_above(uint64_t base, uint64_t size);

  void set_brk(uint64_t start) { brk_start_ = brk_ = start; }
  /* The heap: from where it starts to where it ends now. */
  std::pair<uint64_t, uint64_t> brk_range() {
    std::lock_guard guard(mutex_);
    return {brk_start_, brk_};
  }
  void set_mmap_top(uint64_t top) { mmap_top_ = top; }
  /* What the process executes from; changed under the lock. */
  const ModuleMap& modules() const { return modules_; }
  /* Something that the kernel mapped itself: the vDSO. */
  void add_module(const Module& m) {
    std::lock_guard guard(mutex_);
    modules_.add(m);
  }
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  void insert(uint64_t start, uint64_t end);
  void erase(uint64_t start, uint64_t end);
  bool is_free(uint64_t start, uint64_t end) const;
  uint64_t overlap(uint64_t start, uint64_t end) const;
  uint64_t counted() const;
  bool may_grow(uint64_t total, uint64_t data) const;
  bool is_data(uint64_t addr) const;
  uint64_t gap_below(uint64_t size, uint64_t align, uint64_t limit) const;

  std::mutex mutex_;
  ModuleMap modules_;
  std::map<uint64_t, uint64_t> used_;       /* start -> end, disjoint, adjacent ones merged */
  std::map<uint64_t, uint64_t> attached_;   /* shmat: address -> size */
  uint64_t bytes_ = 0, excluded_bytes_ = 0; /* of used_; of its parts that are not the guest's */
  uint64_t stack_start_ = 0, stack_end_ = 0;
  uint64_t mmap_top_ = kArenaTop, brk_start_ = 0, brk_ = 0;
};

}  // namespace hp::guest
