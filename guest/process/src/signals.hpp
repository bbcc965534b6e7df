/* Signals of a process guest.
 *
 * The host thread's mask mirrors the guest thread's, so the kernel decides which thread gets which
 * signal and when. Dispositions SIG_DFL and SIG_IGN are the host's own. For a guest handler the
 * monitor installs capture(): it records the signal for the thread, blocks everything until the
 * guest's frame is built (so at most one signal is held at a time), asks the vCPU to stop, and
 * moves a host call that has not happened yet (or that the kernel wants restarted) to its abort
 * label. The thread's loop then builds the frame on the guest's stack as the kernel would (arch/x86
 * rt_sigframe with xstate).
 *
 * Fault signals stay unblocked and captured; their blocking, ignoring and default are emulated. */
#pragma once
#include "thread.hpp"

namespace hp::guest {

/* At start: takes over the dispositions inherited by exec and installs the fault handlers. */
void init_signals(Process&);
/* Gives the calling host thread its alternate stack. memory: kHostAltStack bytes. */
inline constexpr size_t kHostAltStack = 64 << 10;
void use_host_altstack(void* memory);

/* CLONE_CLEAR_SIGHAND, in the child: every handler becomes the default; what is ignored stays so. */
void reset_handlers(Process&);

/* Sets the guest's mask and mirrors it. False, with nothing changed, if a signal was captured under the
 * former mask: it is due before this. Always true while the host's signals are blocked. */
[[nodiscard]] bool set_guest_mask(GuestThread&, uint64_t mask);
/* Blocks every host signal of the calling thread; returns the former host mask. */
uint64_t block_host_signals();
void restore_host_signals(uint64_t mask);

/* Delivers what is captured or pending: builds a frame, or acts on the default. */
void deliver_signals(GuestThread&);
/* A fault of the guest's own instruction. */
void deliver_fault(GuestThread&, int signo, const siginfo_t&, uint64_t trapno = 0,
                   uint64_t error = 0, uint64_t cr2 = 0);

int64_t call_rt_sigaction(GuestThread&, const Syscall&);
int64_t call_rt_sigprocmask(GuestThread&, const Syscall&);
int64_t call_rt_sigpending(GuestThread&, const Syscall&);
int64_t call_sigaltstack(GuestThread&, const Syscall&);
int64_t call_rt_sigreturn(GuestThread&);

/* Fault signals that the guest ignores are ignored on the host while execve runs. */
void ignore_host_signals(uint64_t set, bool ignore);

/* Tries an access on the host's own page tables; false with the kernel's siginfo if it faults. */
bool probe_access(uint64_t addr, bool write, siginfo_t* info);

}  // namespace hp::guest
