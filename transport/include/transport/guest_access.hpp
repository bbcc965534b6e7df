/* GuestAccess: how a clause reads and writes the memory of what it traces.
 *
 * The primitives hp_load, hp_load_str and hp_store (segment.h) go through the object that
 * hp_firing.mem points to; each placement implements it once (process guests: fault-guarded copies
 * within the guest's arena; Linux guests: page walks). A null hp_firing.mem means that there is no
 * guest memory at all (BEGIN, END, tick): every access is HP_FLT_BADADDR.
 *
 * All functions are called in the middle of a firing: noexcept, bounded, thread-safe, no locks that
 * the traced thread may hold. They return 0 or HP_FLT_* with *bad at the first address that failed. */
#pragma once
#include <cstddef>
#include <cstdint>

#include "transport/segment.h"

namespace hp {

class GuestAccess {
 public:
  virtual ~GuestAccess() = default;
  virtual int read(void* dst, uint64_t gva, size_t size, uint64_t* bad) noexcept = 0;
  /* At most max-1 bytes and a NUL; *len without NUL. Longer strings are cut. max >= 1. */
  virtual int read_string(char* dst, uint64_t gva, size_t max, uint64_t* len,
                          uint64_t* bad) noexcept = 0;
  virtual int write(uint64_t gva, const void* src, size_t size, uint64_t* bad) noexcept = 0;
  /* raise() and stop(): a signal to the thread that fires, after the firing. */
  virtual void raise(const hp_firing&, int /*signal*/) noexcept {}
  /* panic(): the end of the whole guest. Returns where there is no such thing. */
  virtual void panic(const hp_firing&) noexcept {}
};

}  // namespace hp
