/* Vm: the KVM side of one life of a machine: VM, interrupt controllers, memory, vCPUs. Internal.
 *
 * A descriptor's number outlives it: make() puts each new VM at the same one, so interrupt lines made once stay
 * good. */
#pragma once
#include <memory>
#include <vector>

#include "machine/machine.hpp"
#include "vcpu.hpp"

namespace hp::machine {

class Vm {
 public:
  static Result<Vm> open();
  /* A VM as after power-on over this memory; the one before is gone. */
  Result<> make(const vmm::GuestRam&, uint32_t doorbells);
  /* From the next make() on: a write of 4 bytes at `at` adds 1 to the eventfd (not owned). */
  void add_notification(Gpa at, int eventfd) { notifications_.push_back({at, eventfd}); }
  Result<> add_vcpus(uint32_t count, uint32_t doorbells, const VcpuEnvironment&);
  Result<> set_boot_state(Gpa entry); /* of vCPU 0 */
  std::vector<std::unique_ptr<Vcpu>>& vcpus() { return vcpus_; }
  int fd() const { return vm_.get(); }
  uint32_t max_vcpus() const;

 private:
  struct Notification {
    Gpa at;
    int eventfd;
  };
  Fd kvm_, vm_;
  std::vector<Notification> notifications_;
  std::vector<std::unique_ptr<Vcpu>> vcpus_;
};

class IoApicLine final : public vmm::InterruptLine {
 public:
  IoApicLine(int vm, uint32_t pin) : vm_(vm), pin_(pin) {}
  void set(bool level) noexcept override;

 private:
  int vm_;
  uint32_t pin_;
};

}  // namespace hp::machine
