/* Which doorbells (transport/abi.h) a machine offers its guest, and what KVM must be told for them.
 *
 * Auto announces VMCALL where it returns to us, and OUT, which always works. XEN is only for the asking: its
 * interception takes every hypercall, so KVM's own (kicks of halted CPUs, IPIs) are hidden then. A
 * choice other than auto announces that doorbell alone; OUT is served all the same. */
#pragma once
#include <cstdint>
#include <string_view>

#include "transport/result.hpp"
#include "vmm/host_probe.hpp"

namespace hp::machine {

/* choice: auto, vmcall, xen or out. The error says what the host lacks. */
Result<uint32_t> choose_doorbells(std::string_view choice, const vmm::HostAbilities&);
/* Before the first vCPU. */
Result<> enable_doorbells(int vm, uint32_t doorbells);

}  // namespace hp::machine
