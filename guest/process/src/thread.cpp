#include "thread.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <vector>

#include "fault_address.hpp"
#include "guest/guest_memory.hpp"
#include "signals.hpp"
#include "vsyscall.hpp"

extern "C" {
extern const char hp_gate_page[];
extern const char hp_gate3_doorbell[], hp_gate3_slot[], hp_gate3_claimed[], hp_gate3_finished[],
    hp_gate3_slot_doorbell[], hp_gate3_tail[], hp_gate3_decide[];
extern const char hp_gate0_doorbell[], hp_gate0_slot[], hp_gate0_claimed[], hp_gate0_finished[],
    hp_gate0_slot_doorbell[], hp_gate0_tail[], hp_gate0_decide[];
}

namespace hp::guest {

thread_local GuestThread* current_thread = nullptr;
thread_local GuestThread* helped_thread = nullptr;

void number_thread(ThreadView& v, hp_ctl* control) {
  if (control) v.number = __atomic_add_fetch(&control->threads, 1, __ATOMIC_RELAXED);
}

void refresh_identity(ThreadView& v, bool credentials) {
  v.identity.pid = static_cast<int32_t>(syscall(SYS_getpid));
  v.identity.tid = static_cast<int32_t>(syscall(SYS_gettid));
  v.identity.ppid = static_cast<int32_t>(syscall(SYS_getppid));
  v.host_tid = v.identity.tid;
  if (credentials) {
    v.identity.uid = static_cast<uint32_t>(syscall(SYS_getuid));
    v.identity.gid = static_cast<uint32_t>(syscall(SYS_getgid));
  }
  char name[HP_COMM_LEN] = {};
  prctl(PR_GET_NAME, name);
  std::memcpy(v.identity.comm, name, sizeof name);
}

void internal_failure(const GuestThread& t, const std::string& what) {
  const vmm::Registers& r = t.cpu->vcpu->regs();
  std::fprintf(stderr, "hyprobe-guest: %s (guest rip %#llx, rsp %#llx)\n", what.c_str(),
               static_cast<unsigned long long>(r.rip), static_cast<unsigned long long>(r.rsp));
  std::fflush(stderr);
  _exit(125);
}

vmm::Registers GuestThread::user_registers() {
  vmm::Registers r = cpu->vcpu->regs();
  if (call_pending_ || call_done_) {
    r.rip = r.rcx;
    r.rflags = r.r11;
    return r;
  }
  ExceptionFrame* frame;
  unsigned vector;
  uint64_t error;
  if (process.machine->place(*cpu, &frame, &vector, &error) == Place::kStub) {
    r.rip = frame->rip;
    r.rsp = frame->rsp;
    r.rflags = frame->rflags;
  }
  return r;
}

void GuestThread::set_user_registers(const vmm::Registers& r) {
  vmm::Registers copy = r;
  process.machine->enter_user(*cpu, copy);
  call_pending_ = call_done_ = false;
}

void GuestThread::run() {
  current_thread = this;
  for (;;) {
    if (sampler.pending()) sampler.fire(false);
    if (sampler.outdated()) [[unlikely]]
      sampler.configure();
    if (attention) deliver_signals(*this);
    process.in_guest.fetch_add(1, std::memory_order_relaxed);
    sampler.enter();
    vmm::Exit exit = cpu->vcpu->run();
    sampler.leave();
    process.in_guest.fetch_sub(1, std::memory_order_relaxed);
    call_done_ = false;
    if (auto* io = std::get_if<vmm::ExitIo>(&exit)) {
      uint64_t rip = cpu->vcpu->regs().rip;
      if (io->port == HP_PORT_DOORBELL && rip >= kGateGva && rip < kGateGva + (1ull << 30)) {
        handle_doorbell();
        continue;
      }
      /* An I/O instruction of the program's own: a general protection fault on Linux. */
      siginfo_t info{};
      info.si_signo = SIGSEGV;
      info.si_code = SI_KERNEL;
      cpu->vcpu->finish_exit();
      deliver_fault(*this, SIGSEGV, info, 13);
    } else if (std::holds_alternative<vmm::ExitHlt>(exit)) {
      handle_exception();
    } else if (std::holds_alternative<vmm::ExitInterrupted>(exit)) {
      handle_interrupt();
    } else if (auto* fault = std::get_if<vmm::ExitMemoryFault>(&exit)) {
      handle_memory_fault(*fault);
    } else if (auto* mmio = std::get_if<vmm::ExitMmio>(&exit)) {
      handle_memory_fault({mmio->gpa, true});
    } else if (auto* failed = std::get_if<vmm::ExitFailed>(&exit)) {
      internal_failure(*this, failed->reason);
    } else {
      internal_failure(*this, "unexpected hypercall");
    }
  }
}

void GuestThread::handle_doorbell() {
  vmm::Registers& r = cpu->vcpu->regs();
  call_pending_ = true;
  if (attention) { /* a signal is due before the call */
    vmm::Registers back = user_registers();
    back.rip -= 2;
    set_user_registers(back);
    return;
  }
  Syscall s{r.rax, {r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9}};
  pc = r.rcx;
  stack = r.rsp;
  frame = r.rbp;
  knows_uregs = process.control && __atomic_load_n(&process.control->any, __ATOMIC_RELAXED) != 0;
  if (knows_uregs) note_registers(user_registers());
  uint64_t nr = r.rax;
  context_replaced = false;
  host_tid = identity.tid;
  helper.on_doorbell(s);
  if (process.control) __atomic_fetch_add(&process.control->syscalls_doorbell, 1, __ATOMIC_RELAXED);
  Chain chain(process.chain.data(), process.chain.data() + process.chain.size());
  int64_t result = chain(*this, s);
  if (context_replaced) {
    call_pending_ = call_done_ = false;
    return;
  }
  if (result == kRestart) {
    vmm::Registers back = user_registers();
    back.rip -= 2;
    back.rax = nr;
    set_user_registers(back);
    return;
  }
  call_pending_ = false;
  call_done_ = true;
  r.rax = static_cast<uint64_t>(result);
  cpu->vcpu->touch();
}

void GuestThread::note_registers(const vmm::Registers& r) {
  static_assert(sizeof uregs == sizeof r &&
                offsetof(hp_uregs, rip) == offsetof(vmm::Registers, rip));
  std::memcpy(&uregs, &r, sizeof uregs);
}

void GuestThread::note_place() {
  const vmm::Registers r = user_registers();
  pc = r.rip;
  stack = r.rsp;
  frame = r.rbp;
  host_tid = identity.tid;
  knows_uregs = true;
  note_registers(r);
}

/* The si_code of a floating-point exception: which unmasked one the status word shows. */
int GuestThread::floating_code(bool sse) {
  std::vector<uint64_t> area(process.machine->vm().xstate_size() / 8);
  cpu->vcpu->get_xstate(area.data());
  auto* bytes = reinterpret_cast<const uint8_t*>(area.data());
  uint32_t raised;
  if (sse) {
    uint32_t mxcsr;
    std::memcpy(&mxcsr, bytes + 24, 4);
    raised = mxcsr & ~(mxcsr >> 7);
  } else {
    uint16_t control, status;
    std::memcpy(&control, bytes, 2);
    std::memcpy(&status, bytes + 2, 2);
    raised = status & ~static_cast<uint32_t>(control);
  }
  if (raised & 1) return FPE_FLTINV;
  if (raised & 4) return FPE_FLTDIV;
  if (raised & 8) return FPE_FLTOVF;
  if (raised & 0x12) return FPE_FLTUND;
  if (raised & 0x20) return FPE_FLTRES;
  return 0;
}

void GuestThread::handle_exception() {
  ExceptionFrame* f;
  unsigned vector;
  uint64_t error;
  if (process.machine->place(*cpu, &f, &vector, &error) != Place::kStub)
    internal_failure(*this, "the virtual CPU halted");
  siginfo_t info{};
  int signo = SIGSEGV;
  uint64_t cr2 = 0;
  auto set = [&](int number, int code, uint64_t addr) {
    signo = number;
    info.si_code = code;
    info.si_addr = reinterpret_cast<void*>(addr);
  };
  switch (vector) {
    case 14:
      cr2 = cpu->vcpu->cr2();
      if (!(error & 1) && in_arena(cr2, 1) && process.space->mapped(cr2)) {
        if (process.machine->add_window(Gva(cr2))) return;
        internal_failure(*this, "out of KVM memory slots or page-table pages");
      }
      if (Vsyscall v = cr2 == f->rip ? emulate_vsyscall(*this, cr2) : Vsyscall::kNone;
          v != Vsyscall::kNone) {
        if (v == Vsyscall::kDone) return;
        set(SIGSEGV, SI_KERNEL, 0);
        break;
      }
      set(SIGSEGV, error & 1 ? SEGV_ACCERR : SEGV_MAPERR, cr2);
      break;
    case 0:
      set(SIGFPE, FPE_INTDIV, f->rip);
      break;
    case 1:
      set(SIGTRAP, TRAP_TRACE, f->rip);
      break;
    case 3:
      set(SIGTRAP, SI_KERNEL, 0);
      break;
    case 6:
      set(SIGILL, ILL_ILLOPN, f->rip);
      break;
    case 12:
      set(SIGBUS, SI_KERNEL, 0);
      break;
    case 16:
      set(SIGFPE, floating_code(false), f->rip);
      break;
    case 17:
      set(SIGBUS, BUS_ADRALN, 0);
      break;
    case 19:
      set(SIGFPE, floating_code(true), f->rip);
      break;
    default:
      set(SIGSEGV, SI_KERNEL, 0);
      break;
  }
  info.si_signo = signo;
  deliver_fault(*this, signo, info, vector, error, cr2);
}

void GuestThread::handle_memory_fault(const vmm::ExitMemoryFault& fault) {
  vmm::Registers r = user_registers();
  uint8_t code[15];
  size_t size = sizeof code;
  while (size && !GuestMemory::read(code, r.rip, size)) --size;
  AddressRegisters regs{r, cpu->vcpu->fs_base(), cpu->vcpu->gs_base()};
  uint64_t operands[kMaxOperands + 1];
  size_t count;
  Gva page;
  if (fault.known && process.machine->window_address(Gpa(fault.gpa & ~4095ull), page)) {
    operands[0] = fault_address(regs, code, size, page.value);
    count = 1;
  } else {
    count = operand_addresses(regs, code, size, operands);
  }
  uint64_t first = count ? operands[0] : r.rip;
  bool same = r.rip == last_fault_rip_ && first == last_fault_address_;
  fault_repeats_ = same ? fault_repeats_ + 1 : 0;
  last_fault_rip_ = r.rip;
  last_fault_address_ = first;
  siginfo_t info{};
  auto failed = [&](uint64_t address, bool write) {
    if (probe_access(address, write, &info)) return false;
    info.si_addr = reinterpret_cast<void*>(address);
    last_fault_rip_ = 0;
    deliver_fault(*this, info.si_signo, info, 14, info.si_code == SEGV_ACCERR ? 7 : 6, address);
    return true;
  };
  /* The host's own page tables say what is wrong, in the kernel's words. But another thread may have
   * changed them since, and what this instruction does to its operands is not known: only what
   * cannot even be read is a fault at once. Whether it wanted to write, or reaches into the next
   * page, shows in its faulting again. */
  for (size_t i = 0; i < count; ++i)
    if (failed(operands[i], false)) return;
  if (size == 0 && failed(r.rip, false)) return;
  if (fault_repeats_ == 0) return;
  constexpr uint64_t kWidest = 64;
  for (size_t i = 0; i < count; ++i) {
    uint64_t next_page = (operands[i] | 4095) + 1;
    if (failed(operands[i], true)) return;
    if (next_page - operands[i] < kWidest && (failed(next_page, false) || failed(next_page, true)))
      return;
  }
  if (size < sizeof code && failed(r.rip + size, false)) return;
  if (fault_repeats_ > 1000) { /* a gather's element, or a kind of memory that KVM refuses */
    last_fault_rip_ = 0;
    info.si_signo = SIGBUS;
    info.si_code = BUS_ADRERR;
    info.si_addr = reinterpret_cast<void*>(first);
    deliver_fault(*this, SIGBUS, info, 14, 6, first);
  }
}

/* A kick. Leaves the vCPU in its program: calls in the gate are undone or completed. */
void GuestThread::handle_interrupt() {
  ExceptionFrame* f;
  unsigned vector;
  uint64_t error;
  Machine& m = *process.machine;
  Place where = m.place(*cpu, &f, &vector, &error);
  if (where == Place::kUser) {
    if (sampler.pending() && sampler.hit_program()) sampler.fire(true);
    return;
  }
  vmm::Registers r = cpu->vcpu->regs();
  if (where == Place::kStub) {
    if ((r.rip - m.stub_base()) % 16 == 0) {
      /* Before its HLT: the exception must not be lost. attention stays for afterwards. */
      cpu->vcpu->clear_exit_request();
      vmm::Exit exit = cpu->vcpu->run();
      if (std::holds_alternative<vmm::ExitHlt>(exit))
        handle_exception();
      else if (!std::holds_alternative<vmm::ExitInterrupted>(exit))
        internal_failure(*this, "an exception stub did not halt");
      if (attention) cpu->vcpu->request_exit();
      return;
    }
    set_user_registers(user_registers());
    return;
  }
  auto at = [&](const char* cpl3, const char* cpl0) { return m.gate_address(*cpu, cpl3, cpl0); };
  uint64_t slot_doorbell = at(hp_gate3_slot_doorbell, hp_gate0_slot_doorbell);
  uint64_t claimed = at(hp_gate3_claimed, hp_gate0_claimed);
  uint64_t finished = at(hp_gate3_finished, hp_gate0_finished);
  uint64_t decide = at(hp_gate3_decide, hp_gate0_decide); /* CF set: the claim succeeded */
  bool done;
  if (r.rip < at(hp_gate3_slot, hp_gate0_slot)) {
    done = r.rip != at(hp_gate3_doorbell, hp_gate0_doorbell);
  } else if (r.rip < claimed && !(r.rip == decide && (r.rflags & 1))) {
    done = false;
  } else if (r.rip < finished) {
    /* Without a helper nothing was handed over: the program jumped here. */
    uint32_t state;
    while ((state = __atomic_load_n(&cpu->slot->done, __ATOMIC_ACQUIRE)) == 0 && helper.awake())
      __builtin_ia32_pause();
    done = state == kSlotDone;
    r.rax = done ? cpu->slot->result : cpu->slot->nr;
    __atomic_store_n(&cpu->slot->done, 0, __ATOMIC_RELEASE);
  } else if (r.rip < slot_doorbell) {
    /* At the return instruction after a result, or about to take the doorbell after a bounce. */
    done = r.rip == finished;
    if (!done) __atomic_store_n(&cpu->slot->done, 0, __ATOMIC_RELEASE);
  } else if (r.rip == slot_doorbell) {
    done = false;
  } else {
    done = true;
    if (r.rip >= at(hp_gate3_tail, hp_gate0_tail)) r.rax = cpu->slot->result;
  }
  r.rip = done ? r.rcx : r.rcx - 2;
  r.rflags = r.r11;
  set_user_registers(r);
}

}  // namespace hp::guest
