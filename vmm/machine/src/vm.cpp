#include "vm.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include "machine/doorbells.hpp"
#include "machine/linux_boot.hpp"

namespace hp::machine {

namespace {

/* Below the interrupt controllers and out of RAM's way; only Intel hosts use them. */
constexpr uint64_t kIdentityMap = 0xfeffc000, kTss = 0xfeffd000;

constexpr uint32_t kMsrMiscEnable = 0x1a0, kMsrMtrrDefault = 0x2ff;
constexpr unsigned long kSetMsrs = _IOC(_IOC_WRITE, KVMIO, 0x89, 8);

/* As firmware leaves them; a host that lacks one of them does without. */
void set_firmware_msrs(int vcpu) {
  struct {
    uint32_t n = 1, pad = 0;
    kvm_msr_entry e;
  } one;
  one.e = {.index = kMsrMtrrDefault, .data = 0x806}; /* enabled, write-back */
  ioctl(vcpu, kSetMsrs, &one);
  one.e = {.index = kMsrMiscEnable, .data = 1}; /* fast strings */
  ioctl(vcpu, kSetMsrs, &one);
}

}  // namespace

void IoApicLine::set(bool level) noexcept {
  kvm_irq_level irq{.irq = pin_, .level = level ? 1u : 0u};
  ioctl(vm_, KVM_IRQ_LINE, &irq);
}

Result<Vm> Vm::open() {
  Vm vm;
  vm.kvm_ = Fd(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!vm.kvm_) {
    if (errno == ENOENT)
      return fail("/dev/kvm is missing: load kvm_intel or kvm_amd, or enable virtualisation");
    if (errno == EACCES) return fail("/dev/kvm is forbidden: join the group kvm, or run as root");
    return fail_errno("cannot open /dev/kvm");
  }
  if (ioctl(vm.kvm_.get(), KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
    return fail("/dev/kvm speaks another version of its interface");
  for (const int cap : {KVM_CAP_IRQCHIP, KVM_CAP_PIT2, KVM_CAP_USER_MEMORY, KVM_CAP_SYNC_REGS,
                        KVM_CAP_IMMEDIATE_EXIT, KVM_CAP_SET_TSS_ADDR})
    if (ioctl(vm.kvm_.get(), KVM_CHECK_EXTENSION, cap) <= 0)
      return fail("this host's KVM lacks capability " + std::to_string(cap));
  /* Holds the number until make(): interrupt lines go nowhere until then. */
  vm.vm_ = HP_TRY(vm.kvm_.duplicate());
  return vm;
}

uint32_t Vm::max_vcpus() const {
  const int n = ioctl(kvm_.get(), KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
  return n > 0 ? static_cast<uint32_t>(n) : 4;
}

Result<> Vm::make(const vmm::GuestRam& ram, uint32_t doorbells) {
  vcpus_.clear();
  Fd fresh(ioctl(kvm_.get(), KVM_CREATE_VM, 0));
  if (!fresh) return fail_errno("cannot create a virtual machine");
  if (dup3(fresh.get(), vm_.get(), O_CLOEXEC) < 0) return fail_errno("dup3");
  const int vm = vm_.get();
  uint64_t identity = kIdentityMap;
  if (ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, &identity) != 0 ||
      ioctl(vm, KVM_SET_TSS_ADDR, kTss) != 0)
    return fail_errno("KVM refuses its own pages' addresses");
  if (ioctl(vm, KVM_CREATE_IRQCHIP, 0) != 0)
    return fail_errno("KVM makes no interrupt controllers");
  /* Without the dummy speaker, port 0x61 does not answer and calibrating the TSC hangs. */
  kvm_pit_config pit{.flags = KVM_PIT_SPEAKER_DUMMY};
  if (ioctl(vm, KVM_CREATE_PIT2, &pit) != 0) return fail_errno("KVM makes no timer");
  uint32_t slot = 0;
  for (const auto& r : ram.regions()) {
    kvm_userspace_memory_region region{.slot = slot++,
                                       .guest_phys_addr = r.start.value,
                                       .memory_size = r.size,
                                       .userspace_addr = reinterpret_cast<uint64_t>(r.host)};
    if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) != 0)
      return fail_errno("KVM refuses the guest's memory");
  }
  for (const Notification& n : notifications_) {
    kvm_ioeventfd request{.addr = n.at.value, .len = 4, .fd = n.eventfd};
    if (ioctl(vm, KVM_IOEVENTFD, &request) != 0) return fail_errno("KVM refuses an eventfd");
  }
  return enable_doorbells(vm, doorbells);
}

Result<> Vm::add_vcpus(uint32_t count, uint32_t doorbells, const VcpuEnvironment& env) {
  const CpuidTable supported = HP_TRY(supported_cpuid(kvm_.get()));
  const CpuidOptions options{
      .cpus = count,
      .doorbells = doorbells,
      .tsc_deadline = ioctl(kvm_.get(), KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0,
      .kvm_hypercalls = (doorbells & HP_DOORBELL_XEN) == 0};
  for (uint32_t i = 0; i < count; ++i) {
    vcpus_.push_back(
        HP_TRY(Vcpu::create(kvm_.get(), vm_.get(), i, cpuid_for(supported, i, options), env)));
    set_firmware_msrs(vcpus_.back()->fd());
  }
  return {};
}

Result<> Vm::set_boot_state(Gpa entry) {
  const int vcpu = vcpus_.front()->fd();
  kvm_sregs sregs;
  kvm_regs regs;
  if (ioctl(vcpu, KVM_GET_SREGS, &sregs) != 0) return fail_errno("KVM_GET_SREGS");
  set_boot_registers(sregs, regs, entry);
  if (ioctl(vcpu, KVM_SET_SREGS, &sregs) != 0) return fail_errno("KVM refuses the boot registers");
  if (ioctl(vcpu, KVM_SET_REGS, &regs) != 0) return fail_errno("KVM refuses the boot registers");
  return {};
}

}  // namespace hp::machine
