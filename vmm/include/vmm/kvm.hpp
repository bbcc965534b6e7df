/* The KVM engine: /dev/kvm as Vm and Vcpu. Follows Linux Documentation/virt/kvm/api.rst. */
#pragma once
#include <functional>
#include <memory>

#include "transport/fd.hpp"
#include "vmm/engine.hpp"

namespace hp::vmm {

struct KvmShared;

class Kvm {
 public:
  /* Opens /dev/kvm. The error says what to do when it is missing or forbidden. place: moves each
   * descriptor the engine opens to where the caller wants it and returns the new number (it owns
   * the old one); nullptr leaves them alone. fd: /dev/kvm, already open (taken over), or -1. */
  static Result<Kvm> open(std::function<int(int)> place = nullptr, int fd = -1);
  Result<std::unique_ptr<Vm>> create_vm();
  int extension(int cap) const;
  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
  std::function<int(int)> place_;
  std::shared_ptr<const KvmShared> shared_; /* asked of KVM once, for all VMs */
};

}  // namespace hp::vmm
