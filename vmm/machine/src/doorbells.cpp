#include "machine/doorbells.hpp"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <string>

#include "transport/abi.h"

namespace hp::machine {

namespace {
/* The MSR by which a Xen guest asks for its hypercall page. KVM switches interception on only when there is one;
 * this one is in the range for hypervisors, is neither KVM's nor Hyper-V's, and is announced nowhere. */
constexpr uint32_t kUnusedXenMsr = 0x48505200;
}  // namespace

Result<uint32_t> choose_doorbells(std::string_view choice, const vmm::HostAbilities& host) {
  if (choice == "auto") return (host.doorbells & HP_DOORBELL_VMCALL) | HP_DOORBELL_OUT;
  const uint32_t asked = choice == "vmcall" ? HP_DOORBELL_VMCALL
                         : choice == "xen"  ? HP_DOORBELL_XEN
                         : choice == "out"  ? HP_DOORBELL_OUT
                                            : 0;
  if (asked == 0)
    return fail("doorbell '" + std::string(choice) + "': it is auto, vmcall, xen or out");
  if ((host.doorbells & asked) == 0 && asked != HP_DOORBELL_OUT)
    return fail(asked == HP_DOORBELL_XEN
                    ? "doorbell 'xen': this host's KVM does not intercept Xen hypercalls "
                      "(its kernel lacks CONFIG_KVM_XEN); use auto, vmcall or out"
                    : "doorbell 'vmcall': this host's KVM does not return hypercalls; use out");
  return asked;
}

Result<> enable_doorbells(int vm, uint32_t doorbells) {
  if ((doorbells & HP_DOORBELL_XEN) != 0) {
    kvm_xen_hvm_config xen{.flags = KVM_XEN_HVM_CONFIG_INTERCEPT_HCALL, .msr = kUnusedXenMsr};
    if (ioctl(vm, KVM_XEN_HVM_CONFIG, &xen) != 0)
      return fail_errno("KVM does not intercept Xen hypercalls");
  }
  if ((doorbells & HP_DOORBELL_VMCALL) != 0) {
    kvm_enable_cap cap{.cap = KVM_CAP_EXIT_HYPERCALL, .args = {1u << HP_HC_KVM_MAP_GPA_RANGE}};
    if (ioctl(vm, KVM_ENABLE_CAP, &cap) != 0) return fail_errno("KVM does not return hypercalls");
  }
  return {};
}

}  // namespace hp::machine
