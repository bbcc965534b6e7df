#include "linux_guest/thread_numbers.hpp"

#include <sys/mman.h>

namespace hp::linux_guest {

Result<ThreadNumbers> ThreadNumbers::make() {
  const size_t size = kTids * sizeof(Entry);
  void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return fail_errno("cannot allocate memory for a guest's threads");
  return ThreadNumbers(Mapping(p, size));
}

ThreadNumbers::ThreadNumbers(ThreadNumbers&& o) noexcept
    : entries_(std::move(o.entries_)), last_(o.last_) {}

uint64_t ThreadNumbers::of(uint32_t tid, uint64_t start, uint32_t vcpu) noexcept {
  if (tid == 0) return kIdle | vcpu;
  Entry& e = entries_.as<Entry>()[tid % kTids];
  const uint64_t number = e.number.load(std::memory_order_acquire);
  /* No number is given twice: one that is there before and after the look at start is start's. */
  if (number != 0 && e.start.load(std::memory_order_acquire) == start &&
      e.number.load(std::memory_order_relaxed) == number)
    return number;
  const std::lock_guard guard(lock_);
  if (e.number.load(std::memory_order_relaxed) != 0 &&
      e.start.load(std::memory_order_relaxed) == start)
    return e.number.load(std::memory_order_relaxed);
  e.number.store(0, std::memory_order_release);
  e.start.store(start, std::memory_order_release);
  e.number.store(++last_, std::memory_order_release);
  return last_;
}

void ThreadNumbers::forget() noexcept {
  (void)::madvise(entries_.as(), entries_.size(), MADV_DONTNEED);
}

}  // namespace hp::linux_guest
