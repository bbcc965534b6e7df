#include "machine/cpuid.hpp"

#include <linux/kvm_para.h>
#include <sys/ioctl.h>

#include <bit>
#include <cstring>

#include "transport/abi.h"

namespace hp::machine {

namespace {

/* kvm_cpuid2 has a flexible array, whose size C++ gets wrong: the requests are spelt out. */
constexpr unsigned long kGetSupported = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x05, 8);
constexpr unsigned long kSet = _IOC(_IOC_WRITE, KVMIO, 0x90, 8);

void set_bits(uint32_t& word, unsigned low, unsigned count, uint32_t value) {
  const uint32_t mask = ((1u << count) - 1) << low;
  word = (word & ~mask) | (value << low & mask);
}

/* Processor topology: Intel SDM vol. 2 CPUID leaves 1, 4, 0BH, 1FH; AMD APM vol. 3 appendix E. */
void fix_topology(kvm_cpuid_entry2& e, uint32_t number, uint32_t cpus) {
  const auto width = static_cast<uint32_t>(std::bit_width(cpus - 1)); /* bits of an APIC id */
  switch (e.function) {
    case 1:
      set_bits(e.ebx, 24, 8, number);
      set_bits(e.ebx, 16, 8, cpus < 255 ? cpus : 255);
      set_bits(e.edx, 28, 1, cpus > 1); /* HTT */
      break;
    case 4:
      if ((e.eax & 31) == 0) break;
      set_bits(e.eax, 14, 12, (e.eax >> 5 & 7) >= 3 ? (1u << width) - 1 : 0);
      set_bits(e.eax, 26, 6, ((1u << width) - 1) & 63);
      break;
    case 0x80000001:
      set_bits(e.ecx, 1, 1, cpus > 1); /* CmpLegacy */
      set_bits(e.ecx, 22, 1, 0);       /* no 0x8000001e: one thread a core, one node */
      break;
    case 0x80000008:
      set_bits(e.ecx, 0, 8, cpus - 1);
      set_bits(e.ecx, 12, 4, width);
      break;
    case 0x8000001d:
      set_bits(e.eax, 14, 12, (e.eax >> 5 & 7) >= 3 ? cpus - 1 : 0);
      break;
    case 0x8000001e:
      e.eax = number;
      e.ebx = number & 0xff;
      e.ecx = 0;
      break;
    default:
      break;
  }
}

/* Threads of a core, cores of the package, the end. KVM gives no such subleaves. */
void add_extended_topology(CpuidTable& table, uint32_t leaf, uint32_t number, uint32_t cpus) {
  const auto width = static_cast<uint32_t>(std::bit_width(cpus - 1));
  const auto add = [&](uint32_t index, uint32_t shift, uint32_t count, uint32_t type) {
    table.push_back({.function = leaf,
                     .index = index,
                     .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
                     .eax = shift,
                     .ebx = count,
                     .ecx = index | type << 8,
                     .edx = number});
  };
  add(0, 0, 1, 1);
  add(1, width, cpus, 2);
  add(2, 0, 0, 0);
}

}  // namespace

Result<CpuidTable> supported_cpuid(int kvm) {
  for (uint32_t count = 128; count <= 4096; count *= 2) {
    std::vector<uint64_t> space(1 + count * sizeof(kvm_cpuid_entry2) / 8);
    std::memcpy(space.data(), &count, sizeof count);
    if (ioctl(kvm, kGetSupported, space.data()) != 0) {
      if (errno == E2BIG) continue;
      return fail_errno("KVM does not tell its CPUID");
    }
    std::memcpy(&count, space.data(), sizeof count);
    CpuidTable table(count);
    std::memcpy(table.data(), space.data() + 1, count * sizeof(kvm_cpuid_entry2));
    return table;
  }
  return fail("KVM's CPUID table has too many entries");
}

CpuidTable cpuid_for(const CpuidTable& supported, uint32_t number, const CpuidOptions& o) {
  CpuidTable table;
  for (kvm_cpuid_entry2 e : supported) {
    if (e.function >= HP_CPUID_BASE && e.function < HP_CPUID_BASE + 0x100) continue;
    if (e.function == 0xb || e.function == 0x1f) {
      if (e.index == 0) add_extended_topology(table, e.function, number, o.cpus);
      continue;
    }
    fix_topology(e, number, o.cpus);
    if (e.function == 1) {
      set_bits(e.ecx, 31, 1, 1); /* there is a hypervisor */
      set_bits(e.ecx, 24, 1, o.tsc_deadline);
    }
    if (e.function == KVM_CPUID_FEATURES && !o.kvm_hypercalls)
      e.eax &= ~(1u << KVM_FEATURE_PV_UNHALT | 1u << KVM_FEATURE_PV_SEND_IPI |
                 1u << KVM_FEATURE_PV_SCHED_YIELD);
    table.push_back(e);
  }
  static constexpr char signature[] = HP_CPUID_SIGNATURE;
  kvm_cpuid_entry2 base{.function = HP_CPUID_BASE, .eax = HP_CPUID_LAST};
  std::memcpy(&base.ebx, &signature[0], 4);
  std::memcpy(&base.ecx, &signature[4], 4);
  std::memcpy(&base.edx, &signature[8], 4);
  table.push_back(base);
  table.push_back({.function = HP_CPUID_ABI,
                   .eax = HP_ABI_VERSION,
                   .ebx = o.doorbells,
                   .ecx = HP_PORT_FIRE,
                   .edx = HP_GUEST_LINUX});
  return table;
}

Result<> set_cpuid(int vcpu, const CpuidTable& table) {
  std::vector<uint64_t> space(1 + table.size() * sizeof(kvm_cpuid_entry2) / 8);
  const auto count = static_cast<uint32_t>(table.size());
  std::memcpy(space.data(), &count, sizeof count);
  std::memcpy(space.data() + 1, table.data(), table.size() * sizeof(kvm_cpuid_entry2));
  if (ioctl(vcpu, kSet, space.data()) != 0) return fail_errno("KVM refuses the CPUID table");
  return {};
}

}  // namespace hp::machine
