/* The vsyscall page, which programs older than the vDSO call for the time: entries at fixed addresses of the
 * kernel's half, where a guest has nothing mapped. The call faults, and is answered as the kernel's own
 * emulation does (arch/x86/entry/vsyscall): without an entry or return of a system call to see. */
#pragma once
#include <cstdint>

namespace hp::guest {

class GuestThread;

enum class Vsyscall {
  kNone,  /* not in the page, or the host's kernel has none: a fault like any other */
  kDone,  /* answered, the thread goes on after its call */
  kFault, /* no entry, or a pointer that cannot be written: SIGSEGV without an address */
};
/* The thread jumped to `address` and faulted. */
Vsyscall emulate_vsyscall(GuestThread&, uint64_t address);

}  // namespace hp::guest
