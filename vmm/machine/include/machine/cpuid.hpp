/* The CPUID table of one vCPU: KVM's own answer, with what depends on the vCPU put right.
 *
 * KVM_GET_SUPPORTED_CPUID tells the host CPU's topology and APIC id; a guest that believed it would
 * count wrong cores. Here a machine is one package of `cpus` single-threaded cores whose APIC ids are their
 * numbers. KVM's leaves stay at 0x40000000 (kvmclock, steal time), ours follow at HP_CPUID_BASE (abi.h). */
#pragma once
#include <linux/kvm.h>

#include <vector>

#include "transport/result.hpp"

namespace hp::machine {

using CpuidTable = std::vector<kvm_cpuid_entry2>;

/* What the host's KVM can give, of /dev/kvm. */
Result<CpuidTable> supported_cpuid(int kvm);

struct CpuidOptions {
  uint32_t cpus = 1;
  uint32_t doorbells = 0;    /* HP_DOORBELL_* to announce */
  bool tsc_deadline = false; /* the in-kernel APIC has the TSC deadline timer */
  bool kvm_hypercalls =
      true; /* false: KVM's own hypercalls do not work (Xen interception takes them) */
};
CpuidTable cpuid_for(const CpuidTable& supported, uint32_t number, const CpuidOptions&);
Result<> set_cpuid(int vcpu, const CpuidTable&);

}  // namespace hp::machine
