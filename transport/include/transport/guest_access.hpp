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

/* What the host's kernel cannot be asked of the thread that fires, because it is one of a guest's own kernel. */
class GuestThread {
 public:
  virtual ~GuestThread() = default;
  /* ns of CPU time that it has used. */
  virtual uint64_t cpu_time() noexcept = 0;
  /* HP_ID_*; 0 when it is not known. */
  virtual int64_t identity(uint32_t what) noexcept = 0;
  /* HP_TEXT_CWD or HP_TEXT_ROOT into dst, at most max bytes, no NUL; the length. 0 when it is not known. */
  virtual uint32_t path(uint32_t what, char* dst, uint32_t max) noexcept = 0;
  /* Return addresses on the kernel's stack, innermost first; how many. */
  virtual uint32_t kernel_stack(uint64_t* pcs, uint32_t max) noexcept = 0;
  /* hp_space() and hp_kspace(). */
  virtual uint64_t space(const hp_firing&) noexcept = 0;
  virtual uint64_t kernel_space(const hp_firing&) noexcept = 0;
};

class GuestAccess {
 public:
  virtual ~GuestAccess() = default;
  virtual int read(void* dst, uint64_t gva, size_t size, uint64_t* bad) noexcept = 0;
  /* At most max-1 bytes and a NUL; *len without NUL. Longer strings are cut. max >= 1. */
  virtual int read_string(char* dst, uint64_t gva, size_t max, uint64_t* len,
                          uint64_t* bad) noexcept = 0;
  virtual int write(uint64_t gva, const void* src, size_t size, uint64_t* bad) noexcept = 0;
  /* nullptr: the host's kernel is the guest's as well. */
  virtual GuestThread* thread() noexcept { return nullptr; }
  /* raise() and stop(): a signal to the thread that fires, after the firing. */
  virtual void raise(const hp_firing&, int /*signal*/) noexcept {}
  /* panic(): the end of the whole guest. Returns where there is no such thing. */
  virtual void panic(const hp_firing&) noexcept {}
};

}  // namespace hp
