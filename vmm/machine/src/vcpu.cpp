#include "vcpu.hpp"

#include <signal.h>
#include <sys/ioctl.h>

#include <cstdio>

#include "vmm/exit_name.hpp"

namespace hp::machine {

RunControl::Order RunControl::obey() {
  if (order_ != Wait) return order_;
  std::unique_lock lock(mutex_);
  ++waiting_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return order_ != Wait; });
  --waiting_;
  return order_;
}

void RunControl::await_waiting(unsigned count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return order_ != Wait || waiting_ >= count; });
}

int Vcpu::kick_signal() {
  return SIGRTMIN;
}

void Vcpu::install_kick_handler() {
  struct sigaction action{};
  action.sa_handler = [](int) {};
  ::sigemptyset(&action.sa_mask);
  ::sigaction(kick_signal(), &action, nullptr);
}

Result<std::unique_ptr<Vcpu>> Vcpu::create(int kvm, int vm, uint32_t number,
                                           const CpuidTable& cpuid, const VcpuEnvironment& env) {
  std::unique_ptr<Vcpu> v(new Vcpu(env));
  v->number_ = number;
  v->fd_ = Fd(ioctl(vm, KVM_CREATE_VCPU, number));
  if (!v->fd_) return fail_errno("cannot create a virtual CPU");
  const int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
  v->mapping_ = HP_TRY(Mapping::shared(v->fd_.get(), static_cast<size_t>(size)));
  v->run_ = v->mapping_.as<kvm_run>();
  HP_TRYV(set_cpuid(v->fd_.get(), cpuid));
  v->run_->kvm_valid_regs = KVM_SYNC_X86_REGS;
  return v;
}

void Vcpu::kick(pthread_t thread) noexcept {
  __atomic_store_n(&run_->immediate_exit, 1, __ATOMIC_SEQ_CST);
  ::pthread_kill(thread, kick_signal());
}

const kvm_sregs& Vcpu::system_registers() noexcept {
  if (!know_system_registers_) {
    HP_CHECK(ioctl(fd_.get(), KVM_GET_SREGS, &system_registers_) == 0);
    know_system_registers_ = true;
  }
  return system_registers_;
}

vmm::VcpuView::Paging Vcpu::paging() noexcept {
  const kvm_sregs& s = system_registers();
  return {s.cr0, s.cr3, s.cr4, s.efer};
}

bool Vcpu::fail_run(std::string what) {
  char where[96];
  const kvm_regs& r = run_->s.regs.regs;
  std::snprintf(where, sizeof where, " (vCPU %u, at %#llx)", number_, r.rip);
  failure_ = std::move(what) + where;
  return false;
}

Vcpu::Ending Vcpu::run() {
  for (;;) {
    if (env_.control.obey() == RunControl::Return) return Ending::Told;
    const int rc = ioctl(fd_.get(), KVM_RUN, 0);
    const int error = errno;
    run_->kvm_dirty_regs = 0;
    know_system_registers_ = false;
    if (rc != 0) {
      if (error == EINTR || error == EAGAIN) {
        __atomic_store_n(&run_->immediate_exit, 0, __ATOMIC_SEQ_CST);
        continue;
      }
      fail_run("KVM_RUN: " + std::system_category().message(error));
      return Ending::Failed;
    }
    Ending ending = Ending::Failed;
    if (!handle_exit(ending)) return ending;
  }
}

bool Vcpu::handle_exit(Ending& ending) {
  const uint32_t reason = run_->exit_reason;
  if (env_.port != nullptr && env_.port->wants_exits())
    env_.port->exit(*this, reason, vmm::exit_name(reason));
  switch (reason) {
    case KVM_EXIT_IO:
      port_io();
      return true;
    case KVM_EXIT_MMIO:
      memory_io();
      return true;
    case KVM_EXIT_HYPERCALL: {
      auto& h = run_->hypercall;
      const bool ours = h.nr == HP_HC_KVM_MAP_GPA_RANGE;
      const uint64_t what = h.args[2];
      h.ret =
          static_cast<uint64_t>(ours ? hypercall(what & 0xff, what >> 8) : int64_t{HP_RC_UNKNOWN});
      return true;
    }
    case KVM_EXIT_XEN: {
      auto& h = run_->xen.u.hcall;
      const bool ours = run_->xen.type == KVM_EXIT_XEN_HCALL && h.cpl == 0 && h.longmode != 0;
      h.result =
          static_cast<uint64_t>(ours ? hypercall(h.input, h.params[0]) : int64_t{HP_RC_UNKNOWN});
      return true;
    }
    case KVM_EXIT_INTR:
    case KVM_EXIT_IRQ_WINDOW_OPEN:
    case KVM_EXIT_HLT:
      return true;
    case KVM_EXIT_SHUTDOWN:
      ending = Ending::TripleFault;
      return false;
    case KVM_EXIT_FAIL_ENTRY:
      return fail_run("the processor refuses the guest's state, reason " +
                      std::to_string(run_->fail_entry.hardware_entry_failure_reason));
    case KVM_EXIT_INTERNAL_ERROR:
      return fail_run("KVM internal error, suberror " + std::to_string(run_->internal.suberror));
    default:
      return fail_run("unexpected KVM exit " + std::to_string(reason));
  }
}

void Vcpu::port_io() {
  const auto io = run_->io;
  uint8_t* data = mapping_.as<uint8_t>(io.data_offset);
  if (io.port == HP_PORT_FIRE && io.direction == KVM_EXIT_IO_OUT) {
    /* The kernel's only: a program may have been given the port. */
    if (io.size != 1 || io.count != 1 || system_registers().ss.dpl != 0) return;
    kvm_regs& r = run_->s.regs.regs;
    r.rax = static_cast<uint64_t>(hypercall(r.rax, r.rdi));
    run_->kvm_dirty_regs = KVM_SYNC_X86_REGS;
    return;
  }
  for (uint32_t i = 0; i < io.count; ++i, data += io.size) {
    if (io.direction == KVM_EXIT_IO_OUT)
      env_.ports.write(io.port, data, io.size);
    else
      env_.ports.read(io.port, data, io.size);
  }
}

void Vcpu::memory_io() {
  auto& m = run_->mmio;
  const uint64_t address = m.phys_addr;
  const unsigned size = m.len;
  if (size == 0 || size > sizeof m.data) return;
  if (m.is_write != 0)
    env_.memory.write(address, m.data, size);
  else
    env_.memory.read(address, m.data, size);
}

/* abi.h. number and argument are guest-controlled. */
int64_t Vcpu::hypercall(uint64_t number, uint64_t argument) noexcept {
  switch (number) {
    case HP_HC_REGISTER:
      if (argument == 0) {
        page_ = nullptr;
        return HP_RC_OK;
      }
      if (argument % sizeof(hp_probe_page) != 0) return HP_RC_INVALID;
      if (const uint8_t* p = env_.ram.at(Gpa(argument), sizeof(hp_probe_page))) {
        page_ = reinterpret_cast<const hp_probe_page*>(p);
        return HP_RC_OK;
      }
      return HP_RC_INVALID;
    case HP_HC_FIRE:
      if (env_.port == nullptr) return HP_RC_UNKNOWN;
      return page_ == nullptr ? int64_t{HP_RC_INVALID} : env_.port->fire(*this, page_);
    default:
      return HP_RC_UNKNOWN;
  }
}

}  // namespace hp::machine
