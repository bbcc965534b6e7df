/* UserSpace: a program's view of the user addresses of the process that it fires in.
 *
 * Stacks and symbols are recorded as addresses, each with the number of the process image that they
 * belong to; what is mapped in that image goes to the consumer through the segment's module entries
 * (transport/segment.h), ahead of the first record that needs it. So names can be found after the
 * process has exited or executed something else.
 *
 * One for each loaded program. Thread-safe; a firing never waits for another. */
#pragma once
#include <atomic>

#include "handler/segment_view.hpp"
#include "handler/unwind.hpp"

namespace hp::handler {

class UserSpace {
 public:
  /* Frames of the thread that fires, 0 when it has no user mode that is known. */
  uint32_t walk(const hp_firing&, uint64_t* pcs, uint32_t max) noexcept;
  /* What hp_space() returns; publishes modules that the consumer does not know yet. */
  uint64_t number(const SegmentView&, const hp_firing&) noexcept;
  /* In the child of fork(2): it is an image of its own. */
  void forked() noexcept;

 private:
  void publish(const SegmentView&, const ModuleMap&, uint32_t pid) noexcept;

  Unwinder unwinder_;
  std::atomic<uint32_t> space_{0};
  std::atomic<uint32_t> published_{0}; /* the map's generation that the consumer knows */
  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
};

}  // namespace hp::handler
