/* One KVM vCPU: kvm_run with synchronised general registers. Internal to the engine. */
#pragma once
#include <linux/kvm.h>

#include <vector>

#include "transport/fd.hpp"
#include "vmm/engine.hpp"

namespace hp::vmm {

/* KVM_SET_CPUID2: kvm_cpuid2 has a flexible array, whose size C++ gets wrong. */
inline constexpr unsigned long kSetCpuid2 = _IOW(KVMIO, 0x90, uint64_t);

/* What all vCPUs of a VM share: the CPUID table and xstate layout. */
struct KvmShared {
  std::vector<uint64_t> cpuid; /* kvm_cpuid2 */
  uint32_t xsave_size = 4096;
  uint64_t xcr0 = 3;
  void load(int kvm);

 private:
  void announce();
};

class KvmVcpu final : public Vcpu {
 public:
  static Result<std::unique_ptr<KvmVcpu>> create(Fd fd, size_t run_size, const KvmShared&);
  Exit run() override;
  void touch() override { run_->kvm_dirty_regs |= KVM_SYNC_X86_REGS; }
  void finish_exit() override;
  Result<> set_system(const SystemState&) override;
  void enter_user_segments() override;
  unsigned cpl() override;
  uint64_t fs_base() override;
  uint64_t gs_base() override;
  void set_fs_base(uint64_t) override;
  void set_gs_base(uint64_t) override;
  void set_syscall_entry(Gva) override;
  void get_xstate(void*) override;
  bool set_xstate(const void*) override;
  uint64_t cr2() override;
  void abandon(bool close);

 private:
  Exit convert_failure(int err);
  void set_msr(uint32_t index, uint64_t value);
  uint64_t msr(uint32_t index);
  kvm_sregs sregs();
  void set_sregs(const kvm_sregs&);

  Fd fd_;
  Mapping mapping_;
  kvm_run* run_ = nullptr;
  const KvmShared* shared_ = nullptr;
  bool pending_ = false; /* an exit whose instruction KVM completes at the next KVM_RUN */
};

}  // namespace hp::vmm
