#include "vmm/kvm.hpp"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cstring>
#include <mutex>
#include <vector>

#include "kvm_vcpu.hpp"

namespace hp::vmm {

namespace {

class KvmVm final : public Vm {
 public:
  KvmVm(Fd fd, int kvm, const std::function<int(int)>& place,
        std::shared_ptr<const KvmShared> shared)
      : fd_(std::move(fd)), place_(place), shared_(std::move(shared)) {
    run_size_ = static_cast<size_t>(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
    int n = ioctl(fd_.get(), KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
    max_vcpus_ = n > 0 ? static_cast<unsigned>(n) : 4;
  }

  Result<> add_memslot(Gpa gpa, uint64_t size, Hva hva) override {
    std::lock_guard lock(mutex_);
    kvm_userspace_memory_region r{.slot = next_slot_,
                                  .flags = 0,
                                  .guest_phys_addr = gpa.value,
                                  .memory_size = size,
                                  .userspace_addr = hva.value};
    if (ioctl(fd_.get(), KVM_SET_USER_MEMORY_REGION, &r) != 0)
      return fail_errno("KVM refuses a memory slot");
    ++next_slot_;
    return {};
  }

  Result<std::unique_ptr<Vcpu>> create_vcpu() override {
    std::lock_guard lock(mutex_);
    Fd fd(ioctl(fd_.get(), KVM_CREATE_VCPU, next_vcpu_));
    if (!fd) return fail_errno("cannot create a virtual CPU");
    if (place_) fd = Fd(place_(fd.release()));
    if (!fd) return fail_errno("cannot place a virtual CPU's descriptor");
    ++next_vcpu_;
    auto vcpu = KvmVcpu::create(std::move(fd), run_size_, *shared_);
    if (!vcpu) return tl::make_unexpected(vcpu.error());
    vcpus_.push_back(vcpu->get());
    return std::unique_ptr<Vcpu>(std::move(*vcpu));
  }

  unsigned max_vcpus() const override { return max_vcpus_; }
  uint32_t xstate_size() const override { return shared_->xsave_size; }
  uint64_t xcr0() const override { return shared_->xcr0; }
  int fd() const override { return fd_.get(); }
  void abandon(bool close) override {
    for (KvmVcpu* v : vcpus_) v->abandon(close);
    if (close)
      fd_.reset();
    else
      fd_.release();
  }

 private:
  Fd fd_;
  std::function<int(int)> place_;
  std::shared_ptr<const KvmShared> shared_;
  std::mutex mutex_;
  std::vector<KvmVcpu*> vcpus_;
  size_t run_size_ = 0;
  unsigned max_vcpus_ = 0, next_vcpu_ = 0;
  uint32_t next_slot_ = 0;
};

}  // namespace

Result<Kvm> Kvm::open(std::function<int(int)> place, int already) {
  Fd fd(already >= 0 ? already : ::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!fd) {
    int err = errno;
    if (err == ENOENT || err == ENXIO || err == ENODEV)
      return fail(
          "no /dev/kvm: this machine has no KVM, or its module is not loaded "
          "(modprobe kvm_intel or kvm_amd)",
          err);
    if (err == EACCES || err == EPERM)
      return fail("may not open /dev/kvm: join group kvm (usermod -aG kvm USER, then log in again)",
                  err);
    return fail_errno("cannot open /dev/kvm", err);
  }
  if (ioctl(fd.get(), KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
    return fail("/dev/kvm speaks another version of the KVM interface");
  if (place) fd = Fd(place(fd.release()));
  if (!fd) return fail_errno("cannot place the descriptor of /dev/kvm");
  int xsave = ioctl(fd.get(), KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);
  auto shared = std::make_shared<KvmShared>();
  if (xsave > 4096) shared->xsave_size = static_cast<uint32_t>(xsave);
  shared->load(fd.get());
  Kvm kvm;
  kvm.shared_ = std::move(shared);
  kvm.fd_ = std::move(fd);
  kvm.place_ = std::move(place);
  return kvm;
}

int Kvm::extension(int cap) const {
  return ioctl(fd_.get(), KVM_CHECK_EXTENSION, cap);
}

Result<std::unique_ptr<Vm>> Kvm::create_vm() {
  Fd fd;
  for (int tries = 0; tries < 8 && !fd; ++tries) {
    fd = Fd(ioctl(fd_.get(), KVM_CREATE_VM, 0));
    if (!fd && errno != EINTR) break;
  }
  if (!fd) return fail_errno("cannot create a virtual machine");
  if (place_) fd = Fd(place_(fd.release()));
  if (!fd) return fail_errno("cannot place a virtual machine's descriptor");
  return std::unique_ptr<Vm>(std::make_unique<KvmVm>(std::move(fd), fd_.get(), place_, shared_));
}

}  // namespace hp::vmm
