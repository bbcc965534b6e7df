/* The interface of a CPU engine: a Vm with memory and Vcpus that run until something needs the
 * host.
 *
 * KVM implements it (vmm/kvm.hpp); nothing above this folder knows which engine runs. A Vcpu is
 * used by one thread at a time, except request_exit(). A Vm may be used by several threads. */
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

#include "transport/address.hpp"
#include "transport/result.hpp"
#include "vmm/exit.hpp"

namespace hp::vmm {

/* x86-64 general registers. */
struct Registers {
  uint64_t rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp;
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  uint64_t rip, rflags;
};

/* System registers of a long-mode vCPU, set once. Selectors are the ones Linux gives its programs.
 */
struct SystemState {
  Gpa cr3;
  Gva gdt, idt, tss;
  uint16_t gdt_limit, idt_limit, tss_limit;
  Gva syscall_entry;     /* LSTAR */
  uint64_t syscall_mask; /* FMASK */
  uint64_t star;
};

class Vcpu {
 public:
  virtual ~Vcpu() = default;

  /* Runs until the next exit. regs() holds the guest's registers afterwards. */
  virtual Exit run() = 0;
  /* The guest's registers as of the last exit; call touch() after changing them. While an ExitIo or
   * ExitHypercall is pending only RAX may be changed; finish_exit() lifts that. */
  Registers& regs() { return *regs_; }
  virtual void touch() = 0;
  /* Lets the engine complete the instruction of a pending exit without running the guest further.
   */
  virtual void finish_exit() = 0;
  /* Makes the running or the next run() return ExitInterrupted. Async-signal-safe; sticky until
   * clear_exit_request(). */
  void request_exit() { __atomic_store_n(exit_request_, 1, __ATOMIC_RELAXED); }
  void clear_exit_request() { __atomic_store_n(exit_request_, 0, __ATOMIC_RELAXED); }

  virtual Result<> set_system(const SystemState&) = 0;
  /* CS and the other segments become those of CPL3 (64-bit); FS and GS bases are kept. */
  virtual void enter_user_segments() = 0;
  virtual unsigned cpl() = 0;
  virtual uint64_t fs_base() = 0;
  virtual uint64_t gs_base() = 0;
  virtual void set_fs_base(uint64_t) = 0;
  virtual void set_gs_base(uint64_t) = 0;
  virtual void set_syscall_entry(Gva) = 0;
  /* FPU, SSE, AVX... in the standard (not compacted) XSAVE format. size: xstate_size(). */
  virtual void get_xstate(void* area) = 0;
  virtual bool set_xstate(const void* area) = 0;
  virtual uint64_t cr2() = 0;

 protected:
  Registers* regs_ = nullptr;
  uint8_t* exit_request_ = nullptr;
};

class Vm {
 public:
  virtual ~Vm() = default;
  /* Backs guest-physical [gpa, gpa+size) with this process's memory at hva. Page-aligned. */
  virtual Result<> add_memslot(Gpa gpa, uint64_t size, Hva hva) = 0;
  virtual Result<std::unique_ptr<Vcpu>> create_vcpu() = 0;
  virtual unsigned max_vcpus() const = 0;
  /* Bytes of the area of get_xstate(), and the features it may hold (XCR0). */
  virtual uint32_t xstate_size() const = 0;
  virtual uint64_t xcr0() const = 0;
  /* Descriptors that this Vm and its vCPUs hold, for a guest that shares the descriptor table. */
  virtual int fd() const = 0;
  /* After fork(2), in the child: gives up the parent's VM without touching it. close: its descriptors
   * are this process's own copies. */
  virtual void abandon(bool close) = 0;
};

}  // namespace hp::vmm
