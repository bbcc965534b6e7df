/* The last link of the chain: which calls go to the kernel as they stand, and which do not. */
#include <asm/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "calls.hpp"
#include "guest/guest_memory.hpp"
#include "signals.hpp"

#ifndef SYS_map_shadow_stack
#define SYS_map_shadow_stack 453
#endif

namespace hp::guest {

namespace {

int64_t call_arch_prctl(GuestThread& t, const Syscall& s) {
  vmm::Vcpu& v = *t.cpu->vcpu;
  uint64_t value = s.args[1];
  switch (s.args[0]) {
    case ARCH_SET_FS:
    case ARCH_SET_GS:
      if (value >= 0x7ffffffff000ull) return -EPERM;
      if (s.args[0] == ARCH_SET_FS)
        v.set_fs_base(value);
      else
        v.set_gs_base(value);
      return 0;
    case ARCH_GET_FS:
      return GuestMemory::put(value, v.fs_base()) ? 0 : -EFAULT;
    case ARCH_GET_GS:
      return GuestMemory::put(value, v.gs_base()) ? 0 : -EFAULT;
    default:
      return -EINVAL;
  }
}

int64_t call_prctl(GuestThread& t, const Syscall& s) {
  switch (s.args[0]) {
    case PR_SET_NAME: {
      int64_t r = forward(t, s);
      refresh_identity(t, false);
      return r;
    }
    case PR_SET_SECCOMP:
      return -EINVAL; /* a filter would catch the monitor's own calls */
    case PR_SET_MM:
      return -EPERM;
    default:
      return forward(t, s);
  }
}

/* Calls on address ranges may only name the arena. */
int64_t on_range(GuestThread& t, const Syscall& s) {
  if (s.args[1] && !in_arena(s.args[0], s.args[1])) return -ENOMEM;
  return forward(t, s);
}

int64_t credentials(GuestThread& t, const Syscall& s) {
  t.process.slot_forbidden = true;
  t.helper.park();
  int64_t r = forward(t, s);
  refresh_identity(t);
  return r;
}

}  // namespace

int64_t forward(GuestThread& t, const Syscall& s) {
  /* On a helper the thread's signals do not matter: what runs there returns at once. */
  static const volatile int never = 0;
  if (!current_thread) return hp_safe_syscall(s.nr, s.args, &never);
  for (;;) {
    const uint32_t before = t.sampler.signals();
    const int64_t result = hp_safe_syscall(s.nr, s.args, &t.attention);
    /* A sampling signal comes while the thread has the CPU, so the call had not begun to wait: it is
     * made again, and the guest never knows. */
    if (result != -EINTR || t.attention || t.sampler.signals() == before) return result;
  }
}

int64_t KernelLink::call(ThreadView& view, Syscall& s, Chain&) noexcept {
  auto& t = static_cast<GuestThread&>(view);
  const uint64_t* a = s.args;
  auto as_int = [](uint64_t v) { return static_cast<int>(v); };
  AddressSpace& space = *t.process.space;
  int64_t result;
  switch (s.nr) {
    case SYS_mmap:
      return space.mmap(a[0], a[1], as_int(a[2]), as_int(a[3]), as_int(a[4]), a[5]);
    case SYS_munmap:
      return space.munmap(a[0], a[1]);
    case SYS_mremap:
      return space.mremap(a[0], a[1], a[2], as_int(a[3]), a[4]);
    case SYS_brk:
      return space.brk(a[0]);
    case SYS_shmat:
      return space.shmat(as_int(a[0]), a[1], as_int(a[2]));
    case SYS_shmdt:
      return space.shmdt(a[0]);
    case SYS_mprotect:
    case SYS_pkey_mprotect:
      if (!space.may_protect(a[0], a[1], as_int(a[2]))) return -ENOMEM;
      return on_range(t, s);
    case SYS_madvise:
    case SYS_mlock:
    case SYS_mlock2:
    case SYS_munlock:
    case SYS_msync:
    case SYS_mincore:
    case SYS_mbind:
    case SYS_remap_file_pages:
      return on_range(t, s);

    case SYS_rt_sigaction:
      return call_rt_sigaction(t, s);
    case SYS_rt_sigprocmask:
      return call_rt_sigprocmask(t, s);
    case SYS_rt_sigpending:
      return call_rt_sigpending(t, s);
    case SYS_sigaltstack:
      return call_sigaltstack(t, s);
    case SYS_rt_sigreturn:
      return call_rt_sigreturn(t);

    case SYS_clone:
    case SYS_clone3:
    case SYS_fork:
    case SYS_vfork:
      return call_clone(t, s);
    case SYS_exit:
    case SYS_exit_group:
      return call_exit(t, s);
    case SYS_execve:
    case SYS_execveat:
      return call_execve(t, s);

    case SYS_arch_prctl:
      return call_arch_prctl(t, s);
    case SYS_prctl:
      return call_prctl(t, s);
    case SYS_setuid:
    case SYS_setgid:
    case SYS_setreuid:
    case SYS_setregid:
    case SYS_setresuid:
    case SYS_setresgid:
    case SYS_setfsuid:
    case SYS_setfsgid:
    case SYS_setgroups:
    case SYS_capset:
    case SYS_unshare:
    case SYS_setns:
      return credentials(t, s);

    case SYS_getrlimit:
    case SYS_setrlimit:
    case SYS_prlimit64:
      return correct_limit_call(s, result) ? result : forward(t, s);

    case SYS_seccomp:
      return -EINVAL;
    case SYS_ptrace:
    case SYS_iopl:
    case SYS_ioperm:
      return -EPERM;
    case SYS_rseq:
    case SYS_modify_ldt:
    case SYS_io_setup:
    case SYS_map_shadow_stack:
    case SYS_userfaultfd:
      return -ENOSYS;
    default:
      if (correct_path_call(t, s, result)) return result;
      if (correct_descriptor_call(t, s, result)) return result;
      return forward(t, s);
  }
}

}  // namespace hp::guest
