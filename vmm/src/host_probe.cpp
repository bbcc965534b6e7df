#include "vmm/host_probe.hpp"

#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <functional>

#include "kvm_segments.hpp"
#include "kvm_vcpu.hpp"
#include "transport/abi.h"
#include "transport/fd.hpp"
#include "vmm/kvm.hpp"
#include "vmm/page_table.hpp"

namespace hp::vmm {

namespace {

/* A guest of 64 KiB: page tables from 0x1000, GDT, code at 0x8000, mapped one to one. */
class TinyGuest {
 public:
  struct Memory {
    uint8_t* base;
    uint64_t next = 0x2000;
    uint64_t* at(Gpa g) const { return reinterpret_cast<uint64_t*>(base + g.value); }
    Gpa allocate() {
      next += kPageSize;
      return Gpa(next - kPageSize);
    }
    void write(uint64_t* entry, uint64_t value) { *entry = value; }
  };
  static constexpr uint64_t kSize = 64 << 10, kCode = 0x8000, kGdt = 0x9000, kTss = 0xa000;

  Result<> start(const uint8_t* code, size_t size) {
    kvm_fd_ = Fd(open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!kvm_fd_) return fail_errno("cannot open /dev/kvm");
    vm_ = Fd(ioctl(kvm_fd_.get(), KVM_CREATE_VM, 0));
    if (!vm_) return fail_errno("cannot create a virtual machine");
    void* p = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return fail_errno("cannot map guest memory");
    memory_ = Mapping(p, kSize);
    auto* base = memory_.as<uint8_t>();
    std::memcpy(base + kCode, code, size);
    Memory tables{base};
    PageTable<Memory> table(tables, Gpa(0x1000));
    for (uint64_t at = 0; at < kSize; at += kPageSize)
      if (!table.map(Gva(at), Gpa(at), kPageSize, kWritable | kUser))
        return fail("out of page-table pages");
    auto* gdt = reinterpret_cast<uint64_t*>(base + kGdt);
    gdt[2] = 0x00af9b000000ffffull;
    gdt[3] = 0x00cf93000000ffffull;
    std::memset(base + kTss + 104, 0, 32); /* an I/O map that allows everything */
    uint16_t io_map = 104;
    std::memcpy(base + kTss + 102, &io_map, 2);
    kvm_userspace_memory_region r{.slot = 0,
                                  .flags = 0,
                                  .guest_phys_addr = 0,
                                  .memory_size = kSize,
                                  .userspace_addr = reinterpret_cast<uint64_t>(base)};
    if (ioctl(vm_.get(), KVM_SET_USER_MEMORY_REGION, &r) != 0)
      return fail_errno("KVM refuses a memory slot");
    return {};
  }

  Result<> vcpu(bool user, uint64_t lstar, const kvm_regs& regs) {
    vcpu_ = Fd(ioctl(vm_.get(), KVM_CREATE_VCPU, 0));
    if (!vcpu_) return fail_errno("cannot create a virtual CPU");
    auto size = static_cast<size_t>(ioctl(kvm_fd_.get(), KVM_GET_VCPU_MMAP_SIZE, 0));
    run_ = HP_TRY(Mapping::shared(vcpu_.get(), size));
    /* Newer KVM takes no system registers of a CPU that it has not been told about. */
    KvmShared shared;
    shared.load(kvm_fd_.get());
    if (ioctl(vcpu_.get(), kSetCpuid2, shared.cpuid.data()) != 0)
      return fail_errno("KVM refuses its own CPUID table");
    kvm_sregs s;
    if (ioctl(vcpu_.get(), KVM_GET_SREGS, &s) != 0) return fail_errno("KVM_GET_SREGS");
    auto dpl = static_cast<uint8_t>(user ? 3 : 0);
    s.cr0 = 0x80050033;
    s.cr3 = 0x1000;
    s.cr4 = 0x20 | 0x600;
    s.efer = 0x501;
    s.cs = code_segment(user ? 0x33 : 0x10, dpl);
    s.ss = data_segment(user ? 0x2b : 0x18, dpl);
    s.ds = s.es = s.fs = s.gs = s.ss;
    s.gdt = {.base = kGdt, .limit = 0x7f};
    s.tr = {.base = kTss, .limit = 104 + 32, .selector = 0x40, .type = 11, .present = 1};
    if (ioctl(vcpu_.get(), KVM_SET_SREGS, &s) != 0) return fail_errno("KVM_SET_SREGS");
    struct {
      uint32_t n = 3, pad = 0;
      kvm_msr_entry e[3];
    } msrs;
    msrs.e[0] = {.index = 0xc0000081, .data = (0x23ull << 48) | (0x10ull << 32)};
    msrs.e[1] = {.index = 0xc0000082, .data = lstar};
    msrs.e[2] = {.index = 0xc0000084, .data = 0};
    /* kvm_msrs has a flexible array, whose size C++ gets wrong: the number is spelt out. */
    ioctl(vcpu_.get(), _IOW(KVMIO, 0x89, uint64_t), &msrs);
    if (ioctl(vcpu_.get(), KVM_SET_REGS, &regs) != 0) return fail_errno("KVM_SET_REGS");
    return {};
  }

  /* The exit reason of one run. */
  uint32_t run() {
    if (ioctl(vcpu_.get(), KVM_RUN, 0) != 0) return ~0u;
    return run_.as<kvm_run>()->exit_reason;
  }
  bool at_cpl3() {
    kvm_sregs s;
    return ioctl(vcpu_.get(), KVM_GET_SREGS, &s) == 0 && (s.cs.selector & 3) == 3;
  }
  int vm() const { return vm_.get(); }

 private:
  Fd kvm_fd_, vm_, vcpu_;
  Mapping memory_, run_;
};

/* Runs `probe` in a child for at most `limit`; its answer, or -1. */
int bounded(std::chrono::milliseconds limit, const std::function<int()>& probe) {
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) != 0) return -1;
  Fd in(pipe_fds[0]), out(pipe_fds[1]);
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    auto answer = static_cast<signed char>(probe());
    (void)!write(out.get(), &answer, 1);
    _exit(0);
  }
  out.reset();
  pollfd p{in.get(), POLLIN, 0};
  signed char answer = -1;
  if (poll(&p, 1, static_cast<int>(limit.count())) != 1 || read(in.get(), &answer, 1) != 1)
    answer = -1;
  kill(child, SIGKILL);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return answer;
}

int probe_syscall() {
  /* At 0: SYSCALL. At 16, LSTAR: OUT. */
  uint8_t code[18] = {0x0f, 0x05};
  code[16] = 0xe6;
  code[17] = HP_PORT_LEARN;
  TinyGuest g;
  kvm_regs regs{};
  regs.rip = TinyGuest::kCode;
  regs.rflags = 0x202;
  if (!g.start(code, sizeof code) || !g.vcpu(true, TinyGuest::kCode + 16, regs)) return -1;
  if (g.run() != KVM_EXIT_IO) return -1;
  return g.at_cpl3() ? 1 : 0;
}

int probe_hypercall(uint8_t modrm) {
  const uint8_t code[] = {0x0f, 0x01, modrm, 0xf4};
  TinyGuest g;
  kvm_regs regs{};
  regs.rip = TinyGuest::kCode;
  regs.rflags = 2;
  regs.rax = HP_HC_KVM_MAP_GPA_RANGE;
  regs.rbx = 0xb000;
  regs.rcx = 1;
  if (!g.start(code, sizeof code)) return -1;
  kvm_enable_cap cap{.cap = KVM_CAP_EXIT_HYPERCALL, .flags = 0, .args = {1u << 12}};
  if (ioctl(g.vm(), KVM_ENABLE_CAP, &cap) != 0) return 0;
  if (!g.vcpu(false, 0, regs)) return -1;
  return g.run() == KVM_EXIT_HYPERCALL ? 1 : 0;
}

constexpr int kPatience = 25;

std::string boot_id() {
  auto id = read_file("/proc/sys/kernel/random/boot_id", 64);
  return id ? *id : std::string();
}

}  // namespace

Result<HostAbilities> probe_host(std::chrono::milliseconds limit) {
  auto kvm = Kvm::open();
  if (!kvm) return tl::make_unexpected(kvm.error());
  HostAbilities a;
  /* This guest ends on every host that works, however slow: how long it takes is the measure for those that may
   * never end. */
  const auto begin = std::chrono::steady_clock::now();
  int syscall = bounded(limit * kPatience, probe_syscall);
  if (syscall < 0) return fail("this host's KVM does not run a small guest");
  const auto took = std::chrono::steady_clock::now() - begin;
  limit = std::max(limit, std::chrono::ceil<std::chrono::milliseconds>(took * kPatience));
  a.doorbells |= HP_DOORBELL_OUT;
  a.syscall_at_cpl3 = syscall == 1;
  int offered = kvm->extension(KVM_CAP_EXIT_HYPERCALL);
  a.capability_hypercall = offered > 0 && (offered & 1 << 12);
  if (a.capability_hypercall && (bounded(limit, [] { return probe_hypercall(0xc1); }) == 1 ||
                                 bounded(limit, [] { return probe_hypercall(0xd9); }) == 1))
    a.doorbells |= HP_DOORBELL_VMCALL;
  int xen = kvm->extension(KVM_CAP_XEN_HVM);
  if (xen > 0 && (xen & KVM_XEN_HVM_CONFIG_INTERCEPT_HCALL) && (a.doorbells & HP_DOORBELL_VMCALL))
    a.doorbells |= HP_DOORBELL_XEN;
  return a;
}

Result<HostAbilities> probe_host_cached(const std::string& directory) {
  std::string path = directory + "/host-abilities", id = boot_id();
  if (auto text = read_file(path, 4096); text && !id.empty() && text->rfind(id, 0) == 0) {
    HostAbilities a;
    int at3 = 0, offered = 0;
    if (std::sscanf(text->c_str() + id.size(), "%u %d %d", &a.doorbells, &at3, &offered) == 3) {
      a.syscall_at_cpl3 = at3 != 0;
      a.capability_hypercall = offered != 0;
      return a;
    }
  }
  HostAbilities a = HP_TRY(probe_host());
  char line[64];
  int n = std::snprintf(line, sizeof line, "%u %d %d\n", a.doorbells, a.syscall_at_cpl3,
                        a.capability_hypercall);
  std::string text = id + std::string(line, static_cast<size_t>(n));
  std::string temporary = path + "." + std::to_string(getpid());
  Fd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (fd && write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()))
    (void)rename(temporary.c_str(), path.c_str());
  else if (fd)
    (void)unlink(temporary.c_str());
  return a;
}

}  // namespace hp::vmm
