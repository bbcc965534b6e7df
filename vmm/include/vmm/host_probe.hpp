/* What this host's KVM can do, found out by running tiny guests.
 *
 * HOSTS.md's two kinds differ in what no capability bit says: whether VMCALL or VMMCALL returns to
 * user space or spins for ever, and where SYSCALL arrives. The probe runs in a child process that is
 * killed after the limit, so a host that hangs costs the limit and no more. Process guests need none
 * of this at start (their gate learns by itself); it is for `probevm` and for Linux guests. */
#pragma once
#include <chrono>
#include <string>

#include "transport/result.hpp"

namespace hp::vmm {

struct HostAbilities {
  unsigned doorbells = 0;            /* HP_DOORBELL_* of transport/abi.h that return to the VMM */
  bool syscall_at_cpl3 = false;      /* SYSCALL enters LSTAR without leaving CPL3 */
  bool capability_hypercall = false; /* KVM_CAP_EXIT_HYPERCALL offers KVM_HC_MAP_GPA_RANGE */
};

/* Runs the probe. limit bounds each guest that may never end; on a host where the first, which always does, is slow
 * (software emulation), it is lengthened in proportion. */
Result<HostAbilities> probe_host(std::chrono::milliseconds limit = std::chrono::milliseconds(200));
/* The same, remembered until the next boot in a file of `directory`, which must exist; an unusable file
 * is ignored. */
Result<HostAbilities> probe_host_cached(const std::string& directory);

}  // namespace hp::vmm
