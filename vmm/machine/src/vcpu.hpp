/* Vcpu: one virtual CPU of a machine and the loop that its thread runs. Internal.
 *
 * Exits go to the buses, the trace port, or end the run. Everything in kvm_run that the guest chose is
 * guest-controlled. */
#pragma once
#include <linux/kvm.h>
#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "machine/bus.hpp"
#include "machine/cpuid.hpp"
#include "transport/abi.h"
#include "transport/fd.hpp"
#include "vmm/guest_ram.hpp"
#include "vmm/trace_port.hpp"

namespace hp::machine {

/* What all vCPUs share: whether they run, wait or come back. */
class RunControl {
 public:
  enum Order { Run, Wait, Return };
  void give(Order order) {
    {
      const std::lock_guard lock(mutex_);
      order_ = order;
    }
    changed_.notify_all();
  }
  Order order() const { return order_; }
  /* On a vCPU's thread: the order, after waiting while it is Wait. */
  Order obey();
  /* Until `count` vCPUs wait, or the order is another. */
  void await_waiting(unsigned count);

 private:
  std::atomic<Order> order_ = Run;
  unsigned waiting_ = 0; /* under mutex_ */
  std::mutex mutex_;
  std::condition_variable changed_;
};

struct VcpuEnvironment {
  const vmm::GuestRam& ram;
  const Bus &ports, &memory;
  vmm::TracePort* port; /* may be nullptr */
  RunControl& control;
};

class Vcpu final : public vmm::VcpuView {
 public:
  static Result<std::unique_ptr<Vcpu>> create(int kvm, int vm, uint32_t number, const CpuidTable&,
                                              const VcpuEnvironment&);

  enum class Ending { Told, TripleFault, Failed };
  /* Runs until told to return or until it cannot go on. */
  Ending run();
  const std::string& failure() const { return failure_; }
  /* Makes run() look at its orders soon. Of any thread; run() is under way on `thread`. */
  void kick(pthread_t thread) noexcept;
  int fd() const { return fd_.get(); }

  uint32_t number() const noexcept override { return number_; }
  Paging paging() noexcept override;

  /* kick() sends this signal, which must have a handler that does nothing. */
  static int kick_signal();
  static void install_kick_handler();

 private:
  explicit Vcpu(const VcpuEnvironment& e) : env_(e) {}
  bool handle_exit(Ending&);
  void port_io();
  void memory_io();
  int64_t hypercall(uint64_t number, uint64_t argument) noexcept;
  const kvm_sregs& system_registers() noexcept;
  bool fail_run(std::string);

  const VcpuEnvironment env_;
  uint32_t number_ = 0;
  Fd fd_;
  Mapping mapping_;
  kvm_run* run_ = nullptr;
  const hp_probe_page* page_ = nullptr; /* registered by the guest, in its RAM */
  bool know_system_registers_ = false;  /* system_registers_ is of this exit */
  kvm_sregs system_registers_{};
  std::string failure_;
};

}  // namespace hp::machine
