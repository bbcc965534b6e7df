#include "signals.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "calls.hpp"
#include "guest/guest_memory.hpp"
#include "signal_frame.hpp"

extern "C" {
void hp_restorer();
extern const char hp_safe_start[], hp_safe_insn[], hp_safe_abort[];
}

namespace hp::guest {

namespace {

constexpr uint64_t kSaRestorer = 0x04000000;
constexpr uint64_t kUnblockable = signal_bit(SIGKILL) | signal_bit(SIGSTOP);

thread_local siginfo_t last_fault; /* of a guarded copy */

bool is_sync(int signo) {
  return signo <= 32 && (kSyncSignals & signal_bit(signo));
}

long host_sigaction(int signo, const GuestAction* act, GuestAction* old) {
  return syscall(SYS_rt_sigaction, signo, act, old, 8);
}

void block_in(ucontext_t* uc) {
  uint64_t all = ~kSyncSignals;
  std::memcpy(&uc->uc_sigmask, &all, sizeof all);
}

/* The host's handler for everything the guest handles, and for faults. */
void capture(int signo, siginfo_t* info, void* context) {
  auto* uc = static_cast<ucontext_t*>(context);
  auto rip = static_cast<uint64_t>(uc->uc_mcontext.gregs[REG_RIP]);
  GuestThread* t = current_thread;
  if (t && t->sampler.on_signal(signo, *info, rip)) return;
  if (is_sync(signo) && info->si_code > 0) {
    if (uint64_t to = GuestMemory::fixup(rip)) {
      last_fault = *info;
      uc->uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(to);
      return;
    }
    char text[160];
    int n = std::snprintf(
        text, sizeof text,
        "hyprobe-guest: internal error: signal %d at %#llx (+%#llx), address %p\n", signo,
        static_cast<unsigned long long>(rip),
        static_cast<unsigned long long>(rip - reinterpret_cast<uint64_t>(&capture)), info->si_addr);
    (void)!write(2, text, static_cast<size_t>(n));
    die_by_signal(signo);
  }
  if (!t) {
    /* A helper: the signal was sent to the process, and is for a thread of the guest's. */
    if (GuestThread* owner = helped_thread)
      syscall(SYS_rt_tgsigqueueinfo, getpid(), owner->identity.tid, signo, info);
    return;
  }
  if (is_sync(signo)) {
    if (!(t->pending_sync & signal_bit(signo))) t->pending_info[signo] = *info;
    t->pending_sync = t->pending_sync | signal_bit(signo);
    if (t->sigmask & signal_bit(signo)) return;
  } else {
    t->captured_info = *info;
    t->captured = signo;
    block_in(uc);
  }
  t->attention = 1;
  t->cpu->vcpu->request_exit();
  auto at = [](const char* p) { return reinterpret_cast<uint64_t>(p); };
  if (rip >= at(hp_safe_start) && rip <= at(hp_safe_insn))
    uc->uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(at(hp_safe_abort));
}

/* Installs what the host needs for the guest's action. */
void mirror_action(int signo, const GuestAction& guest) {
  GuestAction host;
  host.restorer = reinterpret_cast<uint64_t>(&hp_restorer);
  if (is_sync(signo) || guest.handler > 1) {
    host.handler = reinterpret_cast<uint64_t>(&capture);
    host.mask = ~kSyncSignals;
    host.flags = kSaRestorer | SA_SIGINFO | SA_ONSTACK |
                 (guest.flags & (SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT));
    if (is_sync(signo)) host.flags |= SA_RESTART;
  } else {
    host.handler = guest.handler;
    host.flags = kSaRestorer | (guest.flags & (SA_NOCLDSTOP | SA_NOCLDWAIT));
  }
  host_sigaction(signo, &host, nullptr);
}

bool default_is_ignore(int signo) {
  return signo == SIGCHLD || signo == SIGURG || signo == SIGWINCH || signo == SIGCONT;
}

/* Acts on one signal that is due now. `forced`: a fault, which cannot be ignored or blocked. */
void act(GuestThread& t, int signo, const siginfo_t& info, const FaultInfo* fault) {
  GuestAction action;
  {
    std::lock_guard guard(t.process.actions.mutex);
    action = t.process.actions.of[signo];
    if (action.handler > 1 && (action.flags & SA_RESETHAND)) {
      t.process.actions.of[signo].handler = 0;
      mirror_action(signo, t.process.actions.of[signo]);
    }
  }
  if (fault && (action.handler == 1 || (t.sigmask & signal_bit(signo)))) action.handler = 0;
  if (action.handler == 1) return;
  if (action.handler == 0) {
    if (default_is_ignore(signo)) return;
    if (!is_sync(signo) && (signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU)) {
      raise(SIGSTOP);
      return;
    }
    die_by_signal(signo);
  }
  vmm::Registers regs = t.user_registers();
  if (!build_frame(t, regs, signo, info, action, fault)) {
    /* The stack is not writable: the kernel forces SIGSEGV, fatally if that was the signal. */
    {
      std::lock_guard guard(t.process.actions.mutex);
      if (signo == SIGSEGV) t.process.actions.of[SIGSEGV].handler = 0;
    }
    if (signo == SIGSEGV) die_by_signal(SIGSEGV);
    siginfo_t segv{};
    segv.si_signo = SIGSEGV;
    segv.si_code = SI_KERNEL;
    deliver_fault(t, SIGSEGV, segv);
    return;
  }
  t.set_user_registers(regs);
  uint64_t mask = t.sigmask | action.mask;
  if (!(action.flags & SA_NODEFER)) mask |= signal_bit(signo);
  t.sigmask = mask & ~kUnblockable;
}

/* rt_sigprocmask(2) for the guest's mask; kRestart if a signal was recorded before it took effect. */
int64_t set_host_mask(GuestThread& t, uint64_t mask) {
  uint64_t host = mask & ~kSyncSignals;
  const uint64_t args[6] = {SIG_SETMASK, reinterpret_cast<uint64_t>(&host), 0, 8};
  return hp_safe_syscall(SYS_rt_sigprocmask, args, &t.captured);
}

/* After a frame was built: the host's mask becomes the guest's. If a signal is held meanwhile, all stay
 * blocked until deliver_signals has seen to it; but where the mask has come to block that very signal
 * (a fault's handler went first), it goes back to the kernel to wait. */
void mirror_mask(GuestThread& t) {
  for (;;) {
    if (int signo = t.captured) {
      if (!(t.sigmask & signal_bit(signo))) return;
      siginfo_t info = t.captured_info;
      t.captured = 0;
      syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), signo, &info);
    }
    if (set_host_mask(t, t.sigmask) != kRestart) return;
  }
}

}  // namespace

uint64_t block_host_signals() {
  uint64_t all = ~0ull & ~kSyncSignals, old = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, 8);
  return old;
}

void restore_host_signals(uint64_t mask) {
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, 8);
}

bool set_guest_mask(GuestThread& t, uint64_t mask) {
  mask &= ~kUnblockable;
  while (set_host_mask(t, mask) == kRestart)
    if (t.captured) return false;
  t.sigmask = mask;
  if (t.pending_sync & ~t.sigmask) {
    t.attention = 1;
    t.cpu->vcpu->request_exit();
  }
  return true;
}

void use_host_altstack(void* memory) {
  stack_t ss{};
  ss.ss_sp = memory;
  ss.ss_size = kHostAltStack;
  sigaltstack(&ss, nullptr);
}

void init_signals(Process& p) {
  for (int s = 1; s <= kSignals; ++s) {
    if (s == SIGKILL || s == SIGSTOP) continue;
    GuestAction host;
    host_sigaction(s, nullptr, &host);
    p.actions.of[s] = {};
    if (host.handler == 1) p.actions.of[s].handler = 1;
    if (is_sync(s)) mirror_action(s, p.actions.of[s]);
  }
}

void reset_handlers(Process& p) {
  std::lock_guard guard(p.actions.mutex);
  for (int s = 1; s <= kSignals; ++s) {
    if (p.actions.of[s].handler <= 1) continue;
    p.actions.of[s] = {};
    mirror_action(s, p.actions.of[s]);
  }
}

void deliver_signals(GuestThread& t) {
  while (t.attention) {
    t.attention = 0;
    t.cpu->vcpu->clear_exit_request();
    int signo = t.captured;
    if (signo) {
      siginfo_t info = t.captured_info;
      t.captured = 0;
      act(t, signo, info, nullptr);
    }
    while (uint64_t due = t.pending_sync & ~t.sigmask) {
      int s = __builtin_ctzll(due) + 1;
      siginfo_t info = t.pending_info[s];
      t.pending_sync = t.pending_sync & ~signal_bit(s);
      act(t, s, info, nullptr);
    }
    mirror_mask(t);
  }
}

void deliver_fault(GuestThread& t, int signo, const siginfo_t& info, uint64_t trapno,
                   uint64_t error, uint64_t cr2) {
  FaultInfo fault{trapno, error, cr2};
  act(t, signo, info, &fault);
  mirror_mask(t);
}

void die_by_signal(int signo) {
  GuestAction dfl;
  dfl.flags = kSaRestorer;
  dfl.restorer = reinterpret_cast<uint64_t>(&hp_restorer);
  host_sigaction(signo, &dfl, nullptr);
  uint64_t mask = ~signal_bit(signo);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, 8);
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signo);
  syscall(SYS_exit_group, 128 + signo);
  __builtin_unreachable();
}

void ignore_host_signals(uint64_t set, bool ignore) {
  for (int s = 1; s <= 32; ++s)
    if (set & signal_bit(s)) {
      GuestAction action;
      action.handler = 1;
      if (ignore)
        host_sigaction(s, &action, nullptr);
      else
        mirror_action(s, action);
    }
}

bool probe_access(uint64_t addr, bool write, siginfo_t* info) {
  char byte;
  if (!in_arena(addr, 1)) { /* the null page, or beyond: never mapped for the guest */
    *info = {};
    info->si_signo = SIGSEGV;
    info->si_code = SEGV_MAPERR;
    return false;
  }
  if (!GuestMemory::read(&byte, addr, 1)) {
    *info = last_fault;
    return false;
  }
  if (write) {
    /* The same byte back: another thread's store between the two can only be lost on memory that
     * faulted a moment ago. */
    if (!GuestMemory::write(addr, &byte, 1)) {
      *info = last_fault;
      return false;
    }
  }
  return true;
}

int64_t call_rt_sigaction(GuestThread& t, const Syscall& s) {
  auto signo = static_cast<int>(s.args[0]);
  if (s.args[3] != 8 || signo < 1 || signo > kSignals) return -EINVAL;
  GuestAction action;
  if (s.args[1] && !GuestMemory::get(action, s.args[1])) return -EFAULT;
  if (s.args[1] && (signo == SIGKILL || signo == SIGSTOP)) return -EINVAL;
  GuestAction old;
  {
    std::lock_guard guard(t.process.actions.mutex);
    old = t.process.actions.of[signo];
    if (s.args[1]) {
      action.mask &= ~kUnblockable;
      action.flags &= 0xffffffff;
      t.process.actions.of[signo] = action;
      mirror_action(signo, action);
      if (action.handler == 1) t.pending_sync = t.pending_sync & ~signal_bit(signo);
    }
  }
  if (s.args[2] && !GuestMemory::put(s.args[2], old)) return -EFAULT;
  return 0;
}

int64_t call_rt_sigprocmask(GuestThread& t, const Syscall& s) {
  if (s.args[3] != 8) return -EINVAL;
  uint64_t old = t.sigmask;
  if (s.args[1]) {
    uint64_t set;
    if (!GuestMemory::get(set, s.args[1])) return -EFAULT;
    uint64_t mask;
    switch (static_cast<int>(s.args[0])) {
      case SIG_BLOCK:
        mask = old | set;
        break;
      case SIG_UNBLOCK:
        mask = old & ~set;
        break;
      case SIG_SETMASK:
        mask = set;
        break;
      default:
        return -EINVAL;
    }
    if (!set_guest_mask(t, mask)) return kRestart;
  }
  if (s.args[2] && !GuestMemory::put(s.args[2], old)) return -EFAULT;
  return 0;
}

int64_t call_rt_sigpending(GuestThread& t, const Syscall& s) {
  if (s.args[1] > 8) return -EINVAL;
  uint64_t set = 0;
  if (syscall(SYS_rt_sigpending, &set, 8) != 0) return -errno;
  set |= t.pending_sync & t.sigmask;
  return GuestMemory::write(s.args[0], &set, s.args[1]) ? 0 : -EFAULT;
}

int64_t call_sigaltstack(GuestThread& t, const Syscall& s) {
  GuestAltStack old = t.altstack;
  uint64_t sp = t.cpu->vcpu->regs().rsp;
  bool on = on_altstack(t, sp);
  if (on) old.flags = (old.flags & kAutodisarm) | SS_ONSTACK;
  if (s.args[0]) {
    GuestAltStack wanted;
    if (!GuestMemory::get(wanted, s.args[0])) return -EFAULT;
    if (on) return -EPERM;
    auto mode = wanted.flags & ~kAutodisarm;
    if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK) return -EINVAL;
    if (mode == SS_DISABLE) {
      wanted.sp = wanted.size = 0;
    } else if (wanted.size < minimum_altstack()) {
      return -ENOMEM;
    }
    if (mode == SS_ONSTACK) wanted.flags &= ~SS_ONSTACK;
    t.altstack = wanted;
  }
  if (s.args[1] && !GuestMemory::put(s.args[1], old)) return -EFAULT;
  return 0;
}

int64_t call_rt_sigreturn(GuestThread& t) {
  vmm::Registers regs = t.user_registers();
  uint64_t mask = 0;
  const GuestAltStack altstack = t.altstack;
  if (!restore_frame(t, regs, mask)) {
    siginfo_t segv{};
    segv.si_signo = SIGSEGV;
    segv.si_code = SI_KERNEL;
    t.context_replaced = true;
    deliver_fault(t, SIGSEGV, segv);
    return 0;
  }
  if (!set_guest_mask(t, mask)) {
    t.altstack = altstack; /* its frame is still in use */
    return kRestart;
  }
  t.set_user_registers(regs);
  t.context_replaced = true;
  return static_cast<int64_t>(regs.rax);
}

}  // namespace hp::guest
