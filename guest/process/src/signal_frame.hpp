/* The frame that a signal handler of the guest finds on its stack: the x86-64 kernel's rt_sigframe
 * (arch/x86/include/uapi/asm/sigcontext.h, ucontext.h), with the full extended state. */
#pragma once
#include "thread.hpp"

namespace hp::guest {

/* What the processor said about a fault; zero for other signals. */
struct FaultInfo {
  uint64_t trapno = 0, error = 0, cr2 = 0;
};

/* Pushes the frame and points regs at the handler. False: the stack cannot be written. */
bool build_frame(GuestThread&, vmm::Registers& regs, int signo, const siginfo_t&,
                 const GuestAction&, const FaultInfo*);
/* Takes the frame at RSP back: regs, xstate, altstack; the mask is the caller's to set. */
bool restore_frame(GuestThread&, vmm::Registers& regs, uint64_t& mask);

bool on_altstack(const GuestThread&, uint64_t sp);
uint64_t minimum_altstack();

}  // namespace hp::guest
