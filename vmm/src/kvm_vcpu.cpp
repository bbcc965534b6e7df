#include "kvm_vcpu.hpp"

#include <cpuid.h>
#include <sys/ioctl.h>

#include <cstring>

#include "kvm_segments.hpp"
#include "transport/abi.h"

namespace hp::vmm {

namespace {

static_assert(sizeof(Registers) == sizeof(kvm_regs) &&
                  offsetof(Registers, rip) == offsetof(kvm_regs, rip) &&
                  offsetof(Registers, r8) == offsetof(kvm_regs, r8),
              "Registers has the layout of kvm_regs");

constexpr uint32_t kMsrStar = 0xc0000081, kMsrLstar = 0xc0000082, kMsrFmask = 0xc0000084;
constexpr uint32_t kMsrFsBase = 0xc0000100, kMsrGsBase = 0xc0000101;

kvm_segment user_code() {
  return code_segment(0x33, 3);
}
kvm_segment user_data(uint16_t selector) {
  return data_segment(selector, 3);
}

/* kvm_msrs with room for one (C++ compilers see the header's flexible array at a wrong offset). */
struct OneMsr {
  uint32_t nmsrs = 1, pad = 0;
  kvm_msr_entry entry;
};
static_assert(offsetof(OneMsr, entry) == 8);
/* Their ioctl numbers hold the size of those structures, which C++ gets wrong too. */
constexpr unsigned long kGetSupportedCpuid = _IOWR(KVMIO, 0x05, uint64_t);
constexpr unsigned long kGetMsrs = _IOWR(KVMIO, 0x88, uint64_t);
constexpr unsigned long kSetMsrs = _IOW(KVMIO, 0x89, uint64_t);
constexpr unsigned long kGetXsave = _IOR(KVMIO, 0xa4, char[4096]);
constexpr unsigned long kSetXsave = _IOW(KVMIO, 0xa5, char[4096]);
constexpr unsigned long kGetXsave2 = _IOR(KVMIO, 0xcf, char[4096]);
constexpr size_t kCpuidHead = 8; /* kvm_cpuid2 up to its entries: the same trap */

uint64_t host_xcr0() {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return 3;
  uint32_t lo, hi;
  asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  return lo | uint64_t{hi} << 32;
}

}  // namespace

void KvmShared::load(int kvm) {
  size_t nent = 128;
  for (;; nent *= 2) {
    cpuid.assign((kCpuidHead + nent * sizeof(kvm_cpuid_entry2)) / 8 + 1, 0);
    auto* c = reinterpret_cast<kvm_cpuid2*>(cpuid.data());
    c->nent = static_cast<uint32_t>(nent);
    if (ioctl(kvm, kGetSupportedCpuid, c) == 0) break;
    if (errno != E2BIG || nent > 4096) {
      c->nent = 0;
      break;
    }
  }
  auto* c = reinterpret_cast<kvm_cpuid2*>(cpuid.data());
  announce();
  auto* entries = reinterpret_cast<const kvm_cpuid_entry2*>(cpuid.data() + kCpuidHead / 8);
  uint64_t supported = 3;
  for (uint32_t i = 0; i < c->nent; ++i) {
    const kvm_cpuid_entry2& e = entries[i];
    if (e.function == 0xd && e.index == 0) supported = e.eax | uint64_t{e.edx} << 32;
  }
  /* AMX tiles (17, 18) need a permission that nobody asked for. */
  xcr0 = (supported & host_xcr0() & ~(3ull << 17)) | 3;
}

/* The leaves by which a guest knows its VMM (transport/abi.h). */
void KvmShared::announce() {
  auto* c = reinterpret_cast<kvm_cpuid2*>(cpuid.data());
  size_t words = kCpuidHead / 8 + (c->nent + 2) * sizeof(kvm_cpuid_entry2) / 8 + 1;
  if (cpuid.size() < words) cpuid.resize(words);
  c = reinterpret_cast<kvm_cpuid2*>(cpuid.data());
  auto* entries = reinterpret_cast<kvm_cpuid_entry2*>(cpuid.data() + kCpuidHead / 8);
  kvm_cpuid_entry2 base{.function = HP_CPUID_BASE, .eax = HP_CPUID_LAST};
  static constexpr char signature[] = HP_CPUID_SIGNATURE;
  std::memcpy(&base.ebx, &signature[0], 4);
  std::memcpy(&base.ecx, &signature[4], 4);
  std::memcpy(&base.edx, &signature[8], 4);
  entries[c->nent++] = base;
  entries[c->nent++] = {.function = HP_CPUID_ABI,
                        .eax = HP_ABI_VERSION,
                        .ebx = HP_DOORBELL_OUT,
                        .ecx = HP_PORT_FIRE,
                        .edx = HP_GUEST_PROCESS};
}

Result<std::unique_ptr<KvmVcpu>> KvmVcpu::create(Fd fd, size_t run_size, const KvmShared& shared) {
  auto v = std::make_unique<KvmVcpu>();
  v->mapping_ = HP_TRY(Mapping::shared(fd.get(), run_size));
  madvise(v->mapping_.as<>(), run_size, MADV_DONTFORK);
  v->fd_ = std::move(fd);
  v->run_ = v->mapping_.as<kvm_run>();
  v->regs_ = reinterpret_cast<Registers*>(&v->run_->s.regs.regs);
  v->exit_request_ = &v->run_->immediate_exit;
  v->shared_ = &shared;
  auto* cpuid = const_cast<uint64_t*>(shared.cpuid.data());
  if (ioctl(v->fd_.get(), kSetCpuid2, cpuid) != 0)
    return fail_errno("KVM refuses its own CPUID table");
  kvm_xcrs xcrs{.nr_xcrs = 1, .xcrs = {{.xcr = 0, .value = shared.xcr0}}};
  if (ioctl(v->fd_.get(), KVM_SET_XCRS, &xcrs) != 0) return fail_errno("cannot set XCR0");
  v->run_->kvm_valid_regs = KVM_SYNC_X86_REGS;
  /* The host's own TSC, where KVM virtualises it; elsewhere it is that already. */
  uint64_t offset = 0;
  kvm_device_attr tsc{.flags = 0,
                      .group = KVM_VCPU_TSC_CTRL,
                      .attr = KVM_VCPU_TSC_OFFSET,
                      .addr = reinterpret_cast<uint64_t>(&offset)};
  ioctl(v->fd_.get(), KVM_SET_DEVICE_ATTR, &tsc);
  return v;
}

void KvmVcpu::abandon(bool close) {
  /* The mapping is MADV_DONTFORK: it does not exist in the child that calls this. */
  new (&mapping_) Mapping();
  run_ = nullptr;
  if (close)
    fd_.reset();
  else
    fd_.release();
}

Exit KvmVcpu::run() {
  int rc = ioctl(fd_.get(), KVM_RUN, 0);
  run_->kvm_dirty_regs = 0;
  pending_ = false;
  if (rc < 0) return convert_failure(errno);
  switch (run_->exit_reason) {
    case KVM_EXIT_IO:
      pending_ = true;
      return ExitIo{run_->io.port, run_->io.size, run_->io.direction == KVM_EXIT_IO_OUT,
                    reinterpret_cast<char*>(run_) + run_->io.data_offset};
    case KVM_EXIT_HLT:
      return ExitHlt{};
    case KVM_EXIT_INTR:
      return ExitInterrupted{};
    case KVM_EXIT_MMIO:
      pending_ = true;
      return ExitMmio{run_->mmio.phys_addr, run_->mmio.is_write != 0, run_->mmio.len,
                      run_->mmio.data};
    case KVM_EXIT_HYPERCALL: {
      pending_ = true;
      ExitHypercall h{run_->hypercall.nr, {}};
      std::memcpy(h.args, run_->hypercall.args, sizeof h.args);
      return h;
    }
    case KVM_EXIT_SHUTDOWN:
      return ExitFailed{"the virtual CPU shut down (triple fault)"};
    case KVM_EXIT_FAIL_ENTRY:
      return ExitFailed{"the processor refused the guest's state (reason " +
                        std::to_string(run_->fail_entry.hardware_entry_failure_reason) + ")"};
    case KVM_EXIT_INTERNAL_ERROR:
      return ExitFailed{"KVM internal error, suberror " + std::to_string(run_->internal.suberror)};
    default:
      return ExitFailed{"unexpected KVM exit " + std::to_string(run_->exit_reason)};
  }
}

Exit KvmVcpu::convert_failure(int err) {
  if (err == EINTR || err == EAGAIN) return ExitInterrupted{};
  if (err == EFAULT || err == EHWPOISON) {
#ifdef KVM_EXIT_MEMORY_FAULT
    constexpr uint32_t memory_fault = KVM_EXIT_MEMORY_FAULT;
#else
    constexpr uint32_t memory_fault = 39;
#endif
    if (run_->exit_reason == memory_fault) {
      uint64_t fields[3]; /* flags, gpa, size: the start of the exit union */
      std::memcpy(fields, &run_->hw, sizeof fields);
      return ExitMemoryFault{fields[1], true};
    }
    return ExitMemoryFault{0, false};
  }
  return ExitFailed{"KVM_RUN: " + std::system_category().message(err)};
}

void KvmVcpu::finish_exit() {
  if (!pending_) return;
  uint8_t before = run_->immediate_exit;
  run_->immediate_exit = 1;
  ioctl(fd_.get(), KVM_RUN, 0);
  run_->kvm_dirty_regs = 0;
  run_->immediate_exit = before;
  pending_ = false;
}

kvm_sregs KvmVcpu::sregs() {
  kvm_sregs s;
  HP_CHECK(ioctl(fd_.get(), KVM_GET_SREGS, &s) == 0);
  return s;
}

void KvmVcpu::set_sregs(const kvm_sregs& s) {
  HP_CHECK(ioctl(fd_.get(), KVM_SET_SREGS, &s) == 0);
}

Result<> KvmVcpu::set_system(const SystemState& state) {
  kvm_sregs s = sregs();
  s.cr0 = 0x80050033; /* PG AM WP NE ET MP PE */
  s.cr3 = state.cr3.value;
  s.cr4 = 0x20 | 0x600 | 0x40000 | 0x10000; /* PAE, OSFXSR, OSXMMEXCPT, OSXSAVE, FSGSBASE */
  s.efer = 0x501;                           /* LMA LME SCE */
  s.cs = user_code();
  s.ss = user_data(0x2b);
  s.ds = s.es = s.fs = s.gs = user_data(0);
  s.gdt = {.base = state.gdt.value, .limit = state.gdt_limit};
  s.idt = {.base = state.idt.value, .limit = state.idt_limit};
  s.tr = {.base = state.tss.value,
          .limit = state.tss_limit,
          .selector = 0x40,
          .type = 11,
          .present = 1};
  if (ioctl(fd_.get(), KVM_SET_SREGS, &s) != 0) return fail_errno("cannot set system registers");
  set_msr(kMsrStar, state.star);
  set_msr(kMsrLstar, state.syscall_entry.value);
  set_msr(kMsrFmask, state.syscall_mask);
  return {};
}

void KvmVcpu::enter_user_segments() {
  kvm_sregs s = sregs();
  uint64_t fs = s.fs.base, gs = s.gs.base;
  s.cs = user_code();
  s.ss = user_data(0x2b);
  s.ds = s.es = s.fs = s.gs = user_data(0);
  s.fs.base = fs;
  s.gs.base = gs;
  set_sregs(s);
}

unsigned KvmVcpu::cpl() {
  return sregs().cs.selector & 3;
}

void KvmVcpu::set_msr(uint32_t index, uint64_t value) {
  OneMsr m{.entry = {.index = index}};
  m.entry.data = value;
  HP_CHECK(ioctl(fd_.get(), kSetMsrs, &m) == 1);
}

uint64_t KvmVcpu::msr(uint32_t index) {
  OneMsr m{.entry = {.index = index}};
  HP_CHECK(ioctl(fd_.get(), kGetMsrs, &m) == 1);
  return m.entry.data;
}

uint64_t KvmVcpu::fs_base() {
  return msr(kMsrFsBase);
}
uint64_t KvmVcpu::gs_base() {
  return msr(kMsrGsBase);
}
void KvmVcpu::set_fs_base(uint64_t v) {
  set_msr(kMsrFsBase, v);
}
void KvmVcpu::set_gs_base(uint64_t v) {
  set_msr(kMsrGsBase, v);
}
void KvmVcpu::set_syscall_entry(Gva v) {
  set_msr(kMsrLstar, v.value);
}
uint64_t KvmVcpu::cr2() {
  return sregs().cr2;
}

void KvmVcpu::get_xstate(void* area) {
  unsigned long request = shared_->xsave_size > 4096 ? kGetXsave2 : kGetXsave;
  HP_CHECK(ioctl(fd_.get(), request, area) == 0);
}

bool KvmVcpu::set_xstate(const void* area) {
  return ioctl(fd_.get(), kSetXsave, area) == 0;
}

}  // namespace hp::vmm
