/* Names of KVM's exit reasons (linux/kvm.h, KVM_EXIT_*), as the vmm provider and messages have them. */
#pragma once
#include <cstdint>
#include <string_view>

namespace hp::vmm {

inline constexpr uint32_t kExitReasons = 40;

/* "hlt" for KVM_EXIT_HLT; "" for numbers that x86-64 does not give; "other" from kExitReasons - 1 on. */
std::string_view exit_name(uint32_t reason);

}  // namespace hp::vmm
