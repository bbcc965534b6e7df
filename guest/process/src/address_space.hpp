/* The guest's part of this process's address space: what is mapped where, and where to place the
 * rest.
 *
 * The kernel does the mapping; this class decides the addresses, so that guest and monitor never
 * collide, and refuses what would touch the monitor. The arena is [kArenaLow, kArenaTop) without
 * the 64 MiB-aligned surroundings of the monitor's own mappings, which are read once at start; the
 * monitor's later mappings go above kArenaTop, where the kernel puts them.
 *
 * Functions named after system calls take their arguments and return what RAX gets (-errno).
 * Thread-safe. lock()/unlock() exist for fork(2). */
#pragma once
#include <cstdint>
#include <map>
#include <mutex>

#include "transport/address.hpp"

namespace hp::guest {

inline constexpr uint64_t kArenaLow = 0x10000;
inline constexpr uint64_t kArenaTop = 0x700000000000ull;

/* Is [addr, addr+size) guest memory's place (mapped or not)? Async-signal-safe, no lock. */
bool in_arena(uint64_t addr, uint64_t size);

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
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  void insert(uint64_t start, uint64_t end);
  void erase(uint64_t start, uint64_t end);
  bool is_free(uint64_t start, uint64_t end) const;
  uint64_t gap_below(uint64_t size, uint64_t align, uint64_t limit) const;

  std::mutex mutex_;
  std::map<uint64_t, uint64_t> used_;     /* start -> end, disjoint, adjacent ones merged */
  std::map<uint64_t, uint64_t> attached_; /* shmat: address -> size */
  uint64_t mmap_top_ = kArenaTop, brk_start_ = 0, brk_ = 0;
};

}  // namespace hp::guest
