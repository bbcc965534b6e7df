/* Taking and giving back the slots of a program segment.
 *
 * hp_slot.owner is a lock shared by processes: 0, or the host tid of the holder. A holder that was
 * killed never gives its slot back, so whoever finds every slot taken asks the kernel (kill(2) with
 * signal 0) and takes over the slots of the dead. Data is published so that this is safe (segment.h).
 * All functions are async-signal-unsafe but never block: the wait is bounded. */
#pragma once
#include <cstdint>

#include "handler/segment_view.hpp"

namespace hp::handler {

/* A thread in a PID namespace of its own (unshare(2), setns(2)) does not know the tid that others
 * see, nor can it judge theirs. It marks what it owns with this bit, which nobody steals, and steals
 * nothing itself. */
inline constexpr uint32_t kForeignOwner = 1u << 31;
/* This process is such a one: owner_is_dead() says no from now on. */
void set_foreign_process(bool foreign) noexcept;
bool is_foreign_process() noexcept;
/* Inode of this process's PID namespace, pid_namespaces(7); 0 if it cannot be told. */
uint64_t pid_namespace() noexcept;

/* Is there no thread with this tid any more, or only its zombie? */
bool owner_is_dead(uint32_t tid) noexcept;
/* The quick half of that: zombies count as threads. One system call, no descriptor. */
bool thread_is_gone(uint32_t tid) noexcept;

/* One attempt at one slot, fast path: no system call. */
inline bool try_lock(hp_slot* slot, uint32_t tid) noexcept {
  uint32_t expected = 0;
  return __atomic_load_n(&slot->owner, __ATOMIC_RELAXED) == 0 &&
         __atomic_compare_exchange_n(&slot->owner, &expected, tid, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED);
}
inline void unlock(hp_slot* slot) noexcept {
  __atomic_store_n(&slot->owner, 0, __ATOMIC_RELEASE);
}

/* Takes the slot over if its holder is dead. */
bool steal(hp_slot* slot, uint32_t tid) noexcept;

/* Any slot, the preferred one first; a few hundred microseconds of trying at most. nullptr: all are
 * held by living threads. */
hp_slot* lock_any(const SegmentView&, uint32_t preferred, uint32_t tid) noexcept;

/* This very slot, trying for about `wait_ns`. False: its living holder did not run in that time (it
 * may be stopped). */
bool lock_for(hp_slot* slot, uint32_t tid, uint64_t wait_ns) noexcept;

}  // namespace hp::handler
