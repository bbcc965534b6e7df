/* The one chain that every system call of a process guest passes.
 *
 *     guest SYSCALL -> gate -> doorbell or slot -> Chain: link 0 -> link 1 -> ... -> the kernel
 *
 * A link is an Interposer: it may look at the call, change its arguments, answer it itself, or pass
 * it on with next(). The chain is built once at start, before the guest's first instruction, and
 * never changes. The `syscall` provider is one link (ObserverLink); xv modules are further links.
 *
 * Threading: a link is called on the host thread that serves the guest thread's vCPU, or on that
 * vCPU's helper thread (slot gate), never on both at once for one guest thread. Different guest
 * threads call concurrently. Links must not block except by passing the call on, must not throw,
 * and must not use the guest's signal state. */
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "transport/control.h"
#include "transport/module_map.hpp"
#include "transport/segment.h"

namespace hp::guest {

/* Who a guest thread is, as its own process sees it. Cached: refreshed when a call may have changed
 * it (fork, clone, set*id, prctl(PR_SET_NAME), exec), so reading it costs nothing. ppid is as of then: whoever
 * needs it right after the parent's death asks the kernel (handler::ProgramTable does). */
struct Identity {
  int32_t pid = 0, tid = 0, ppid = 0;
  uint32_t uid = 0, gid = 0;
  char comm[HP_COMM_LEN] = {};
  /* The program's argument strings, as execve left them: where they lie in guest memory; 0 unknown. */
  uint64_t args_start = 0, args_end = 0;
};

/* The calling guest thread as links and observers see it. Lives as long as the guest thread. */
struct ThreadView {
  Identity identity;
  uint32_t vcpu = 0;    /* number of the vCPU within its guest process */
  uint64_t number = 0;  /* of the thread within its guest: never given twice, kept across exec */
  int64_t host_tid = 0; /* of the host thread that runs the chain just now */
  uint64_t pc = 0, stack = 0,
           frame = 0; /* user RIP (after SYSCALL), RSP, RBP at the call; 0 unknown */
  hp_uregs uregs{};   /* at the call, where the thread has a way to tell */
  bool knows_uregs = false;
  const ModuleMap* modules = nullptr; /* of its process */
  void* observer_data = nullptr;      /* free for the observer; it releases it in thread_exit */
};

/* A system call: the x86-64 number and arguments as in the registers. */
struct Syscall {
  uint64_t nr = 0;
  uint64_t args[6] = {};
};

/* What the `syscall` provider reports to. Implemented outside guest/ (by the handler's dispatcher).
 *
 * All functions are noexcept, bounded in time, and may run on a vCPU thread or its helper (see
 * above). They are only called when hp_ctl says that somebody listens. result is what RAX will
 * hold: -errno on failure. A call that does not return (exit, successful execve, rt_sigreturn) has
 * an entry and, for execve, an exit fired with result 0 by the new program's monitor. fork-like
 * calls fire exit twice: in the parent with the child's pid, in the child with 0, as on Linux. */
class SyscallObserver {
 public:
  virtual ~SyscallObserver() = default;
  virtual void entry(ThreadView&, const Syscall&) noexcept = 0;
  virtual void exit(ThreadView&, const Syscall&, int64_t result) noexcept = 0;
  /* The steps of CPU time, in ns, at which this thread is to be sampled now, at most max of them; asked
   * again when hp_ctl.profile_epoch has changed. */
  virtual size_t sampling_intervals(ThreadView&, uint64_t* /*intervals*/, size_t /*max*/) noexcept {
    return 0;
  }
  /* `count` samples by the interval of that index. kernel_pc: 0 when the thread ran its program, at
   * ThreadView::pc; else where the program's kernel, that is the monitor, was. */
  virtual void sample(ThreadView&, size_t /*index*/, uint32_t /*count*/,
                      uint64_t /*kernel_pc*/) noexcept {}
  /* The call did not happen: a signal came first, and when that has been handled it is made again, with
   * another entry. True: this one has no exit. */
  virtual bool undone(ThreadView&, const Syscall&) noexcept { return false; }
  /* Around fork(2), in the parent: its locks must be free in the copy. fork_end() also runs in the
   * child, before forked(). Loading a program may delay fork_begin(). */
  virtual void fork_begin() noexcept {}
  virtual void fork_end() noexcept {}
  /* In the child of a fork, before its first entry/exit: only the calling thread exists now. Memory
   * shared with the supervisor stays mapped. */
  virtual void forked(ThreadView&) noexcept {}
  /* The guest thread ends (not called at exit_group). For a vfork's child, its parent calls it. */
  virtual void thread_exit(ThreadView&) noexcept {}
};

/* Copies who, where and what into a firing: identity, vcpu, pc, stack, frame, host cpu and host tid
 * of the caller, args of an entry. Leaves vmid, names and mem to the dispatcher. */
void fill_entry(hp_firing&, const ThreadView&, const Syscall&);
/* The same for a return: arg0 = arg1 = result, -1 with err = errno on failure (as dtrace(1) does).
 */
void fill_exit(hp_firing&, const ThreadView&, const Syscall&, int64_t result);

/* The same for a sample: arg0 = kernel_pc, arg1 = the program's counter when kernel_pc is 0. */
void fill_sample(hp_firing&, const ThreadView&, uint64_t kernel_pc);

class Chain;

class Interposer {
 public:
  virtual ~Interposer() = default;
  /* Handles the call and returns RAX. `next` runs the rest of the chain. */
  virtual int64_t call(ThreadView&, Syscall&, Chain& next) noexcept = 0;
};

/* A position in the chain: what remains to be run. Cheap to copy. */
class Chain {
 public:
  Chain(Interposer* const* link, Interposer* const* end) : link_(link), end_(end) {}
  int64_t operator()(ThreadView& t, Syscall& s) noexcept {
    Chain rest(link_ + 1, end_);
    return (*link_)->call(t, s, rest);
  }

 private:
  Interposer* const* link_;
  Interposer* const* end_;
};

/* The `syscall` provider: entry before the call, exit after it, when the control page says that a
 * program listens. Costs one load and a test otherwise. */
class ObserverLink final : public Interposer {
 public:
  /* control may be nullptr (untraced); both outlive the link. */
  ObserverLink(const hp_ctl* control, SyscallObserver* observer)
      : control_(control), observer_(observer) {}
  int64_t call(ThreadView&, Syscall&, Chain& next) noexcept override;
  /* For calls whose return happens elsewhere: in a fork's child, or after exec. */
  void fire_exit(ThreadView&, const Syscall&, int64_t result) noexcept;

 private:
  bool wanted(uint64_t nr, int which) const {
    if (!control_ || __atomic_load_n(&control_->any, __ATOMIC_RELAXED) == 0) return false;
    uint64_t index = nr < HP_CTL_SYSCALLS ? nr : HP_CTL_SYSCALLS - 1;
    return __atomic_load_n(&control_->mask[index][which], __ATOMIC_ACQUIRE) != 0;
  }
  const hp_ctl* control_;
  SyscallObserver* observer_;
};

}  // namespace hp::guest
