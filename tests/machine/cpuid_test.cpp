/* The CPUID table of a vCPU, made from one that a host gives. */
#include "machine/cpuid.hpp"

#include <doctest/doctest.h>
#include <linux/kvm_para.h>

#include <cstring>
#include <string>

#include "machine/doorbells.hpp"
#include "transport/abi.h"

using namespace hp;
using namespace hp::machine;

namespace {

CpuidTable host() {
  return {{.function = 0, .eax = 0x1f},
          {.function = 1, .eax = 0x600f12, .ebx = 0x07100800, .ecx = 0x01002001, .edx = 0x178bfbff},
          {.function = 4, .index = 0, .flags = 1, .eax = 0xfc01c121},
          {.function = 4, .index = 3, .flags = 1, .eax = 0xfc1fc163},
          {.function = 0xb, .index = 0, .flags = 1, .edx = 7},
          {.function = 0xb, .index = 1, .flags = 1, .eax = 5, .ebx = 32, .ecx = 0x201, .edx = 7},
          {.function = 0x40000000, .eax = 0x40000001, .ebx = 0x4b4d564b},
          {.function = 0x40000001, .eax = ~0u},
          {.function = 0x40000100, .eax = 0xbad},
          {.function = 0x80000001, .ecx = 1 << 22},
          {.function = 0x80000008, .eax = 0x3030, .ecx = 0x7007}};
}

const kvm_cpuid_entry2& leaf(const CpuidTable& t, uint32_t function, uint32_t index = 0) {
  const kvm_cpuid_entry2* found = nullptr;
  for (const auto& e : t)
    if (e.function == function && e.index == index) {
      CHECK(found == nullptr);
      found = &e;
    }
  REQUIRE(found != nullptr);
  return *found;
}

}  // namespace

TEST_CASE("each CPU has its own number and the machine's count of cores") {
  for (const uint32_t cpus : {1u, 2u, 3u, 8u}) {
    for (uint32_t n = 0; n < cpus; ++n) {
      const CpuidTable t = cpuid_for(host(), n, {.cpus = cpus});
      CHECK((leaf(t, 1).ebx >> 24) == n);
      CHECK((leaf(t, 1).ebx >> 16 & 0xff) == cpus);
      CHECK((leaf(t, 1).edx >> 28 & 1) == (cpus > 1));
      CHECK(leaf(t, 0xb, 0).edx == n);
      CHECK(leaf(t, 0xb, 0).ebx == 1);
      CHECK((leaf(t, 0xb, 0).ecx >> 8) == 1);
      CHECK(leaf(t, 0xb, 1).ebx == cpus);
      CHECK((leaf(t, 0xb, 1).ecx >> 8) == 2);
      CHECK((n >> leaf(t, 0xb, 1).eax) == 0); /* all of one package */
      CHECK(leaf(t, 0xb, 2).ecx == 2);
      CHECK((leaf(t, 0x80000008).ecx & 0xff) == cpus - 1);
      CHECK((leaf(t, 4, 3).eax >> 26) >= cpus - 1);
      CHECK((leaf(t, 4, 0).eax >> 14 & 0xfff) == 0); /* an L1 cache is one thread's */
    }
  }
}

TEST_CASE("the guest finds KVM's leaves and ours, and nobody else's at our place") {
  const CpuidTable t = cpuid_for(host(), 0, {.doorbells = HP_DOORBELL_VMCALL | HP_DOORBELL_OUT});
  CHECK(leaf(t, 0x40000000).ebx == 0x4b4d564b);
  const kvm_cpuid_entry2& base = leaf(t, HP_CPUID_BASE);
  CHECK(base.eax == HP_CPUID_LAST);
  std::string signature(12, '\0');
  std::memcpy(signature.data(), &base.ebx, 4);
  std::memcpy(signature.data() + 4, &base.ecx, 4);
  std::memcpy(signature.data() + 8, &base.edx, 4);
  CHECK(signature == HP_CPUID_SIGNATURE);
  const kvm_cpuid_entry2& abi = leaf(t, HP_CPUID_ABI);
  CHECK(abi.eax == HP_ABI_VERSION);
  CHECK(abi.ebx == (HP_DOORBELL_VMCALL | HP_DOORBELL_OUT));
  CHECK(abi.ecx == HP_PORT_FIRE);
  CHECK(abi.edx == HP_GUEST_LINUX);
  CHECK((leaf(t, 1).ecx >> 31) == 1);
}

TEST_CASE("KVM's hypercalls are announced only where they work") {
  const uint32_t calls = 1u << KVM_FEATURE_PV_UNHALT | 1u << KVM_FEATURE_PV_SEND_IPI |
                         1u << KVM_FEATURE_PV_SCHED_YIELD;
  CHECK((leaf(cpuid_for(host(), 0, {}), KVM_CPUID_FEATURES).eax & calls) == calls);
  const auto without = cpuid_for(host(), 0, {.kvm_hypercalls = false});
  CHECK(leaf(without, KVM_CPUID_FEATURES).eax == ~calls);
}

TEST_CASE("the TSC deadline timer is announced as the host has it") {
  CHECK((leaf(cpuid_for(host(), 0, {.tsc_deadline = false}), 1).ecx >> 24 & 1) == 0);
  CHECK((leaf(cpuid_for(host(), 0, {.tsc_deadline = true}), 1).ecx >> 24 & 1) == 1);
}

TEST_CASE("doorbells are chosen among what the host has") {
  const vmm::HostAbilities poor{.doorbells = HP_DOORBELL_OUT};
  const vmm::HostAbilities rich{.doorbells =
                                    HP_DOORBELL_OUT | HP_DOORBELL_VMCALL | HP_DOORBELL_XEN};
  CHECK(choose_doorbells("auto", poor).value_or(0) == HP_DOORBELL_OUT);
  CHECK(choose_doorbells("auto", rich).value_or(0) == (HP_DOORBELL_OUT | HP_DOORBELL_VMCALL));
  CHECK(choose_doorbells("xen", rich).value_or(0) == HP_DOORBELL_XEN);
  CHECK(choose_doorbells("out", rich).value_or(0) == HP_DOORBELL_OUT);
  CHECK_FALSE(choose_doorbells("vmcall", poor));
  CHECK_FALSE(choose_doorbells("bell", rich));
  const auto refused = choose_doorbells("xen", poor);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("CONFIG_KVM_XEN") != std::string::npos);
}
