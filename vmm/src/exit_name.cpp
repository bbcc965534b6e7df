#include "vmm/exit_name.hpp"

#include <algorithm>
#include <array>

namespace hp::vmm {

std::string_view exit_name(uint32_t reason) {
  static constexpr std::array<std::string_view, kExitReasons> names = {
      "unknown",   "exception",  "io",         "hypercall", "debug",
      "hlt",       "mmio",       "irq_window", "shutdown",  "fail_entry",
      "intr",      "set_tpr",    "tpr_access", "",          "",
      "",          "nmi",        "internal",   "",          "",
      "",          "",           "",           "",          "system_event",
      "",          "ioapic_eoi", "hyperv",     "",          "x86_rdmsr",
      "x86_wrmsr", "dirty_ring", "ap_reset",   "bus_lock",  "xen",
      "",          "",           "notify",     "",          "other"};
  return names[std::min(reason, kExitReasons - 1)];
}

}  // namespace hp::vmm
