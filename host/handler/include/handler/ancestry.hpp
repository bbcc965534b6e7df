/* Ancestry: from whom a process descends, for progenyof().
 *
 *     Ancestry a;                       one for each thread that fires
 *     a.refresh(now, keep);             before a firing of a program that asks
 *     firing.ancestors = a.pids();
 *
 * The kernel tells of a parent's death (getppid(2)) but not of a grandparent's: the chain is read anew
 * from /proc when the parent changes, and else when it is older than kFresh. That keeps the cost of
 * reading it (some 50 us, with a descriptor table of its own) off nearly all firings. */
#pragma once
#include <sys/types.h>

#include <cstdint>

namespace hp::handler {

class Ancestry {
 public:
  static constexpr uint64_t kFresh = 20'000'000; /* ns */
  static constexpr uint32_t kMax = 128;          /* generations; older ones are not known */

  /* Brings the calling process's chain up to date. now: ns, CLOCK_MONOTONIC. keep: the one descriptor
   * that the reading thread may keep (private_descriptors.hpp); -1: read in the open. */
  void refresh(uint64_t now, int keep) noexcept;

  /* The process itself, its parent, and so on. */
  const int32_t* pids() const { return pids_; }
  uint32_t size() const { return size_; }

 private:
  void read() noexcept;
  int32_t pids_[kMax] = {};
  uint32_t size_ = 0;
  uint64_t read_at_ = 0;
};

}  // namespace hp::handler
