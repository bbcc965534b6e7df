/* A guest thread: a host thread that runs one vCPU and serves its system calls and faults. */
#pragma once
#include <csignal>
#include <cstdint>

#include "guest/interposer.hpp"
#include "process.hpp"
#include "sampler.hpp"
#include "slot_helper.hpp"

namespace hp::guest {

inline constexpr int64_t kRestart = -512; /* the call has not happened: run SYSCALL again */

struct HostStack;

class GuestThread : public ThreadView {
 public:
  GuestThread(Process& p, GuestCpu& c) : process(p), cpu(&c) {
    vcpu = c.index;
    if (p.space) modules = &p.space->modules();
  }

  /* Runs the guest until the thread ends; never returns. */
  [[noreturn]] void run();

  /* The thread's registers as its program sees them: after the SYSCALL for a call. Valid while the
   * vCPU is stopped. */
  vmm::Registers user_registers();
  /* Replaces them; the pending call, if any, counts as done. */
  void set_user_registers(const vmm::Registers&);

  Process& process;
  GuestCpu* cpu;                   /* owned by the machine; another one after fork */
  HostStack* host_stack = nullptr; /* what the thread runs on; nullptr: the process's first stack */

  /* Signals (signals.cpp). attention is set by the host signal handler. */
  volatile int attention = 0; /* something below wants the loop */
  volatile int captured = 0;  /* signal number, 0 = none; all host signals are blocked then */
  siginfo_t captured_info{};
  volatile uint64_t pending_sync = 0; /* kSyncSignals sent by kill(2) and friends */
  siginfo_t pending_info[32]{};       /* for those, by signal number */
  uint64_t sigmask = 0;               /* the guest's */
  GuestAltStack altstack;

  /* Set by calls that replaced the registers themselves (rt_sigreturn, a fork's child). */
  bool context_replaced = false;
  SlotHelper helper{*this};
  Sampler sampler{*this};
  /* Where the stopped thread is, for the observer. */
  void note_place();

 private:
  void handle_doorbell();
  void note_registers(const vmm::Registers&);
  void handle_exception();
  int floating_code(bool sse);
  void handle_interrupt();
  void handle_memory_fault(const vmm::ExitMemoryFault&);
  bool call_pending_ = false; /* stopped at the doorbell, RAX not final */
  uint64_t last_fault_rip_ = 0, last_fault_address_ = 0;
  int fault_repeats_ = 0;
  bool call_done_ = false; /* stopped at the doorbell, RAX is the result */
};

/* The guest thread that this host thread serves; nullptr on helpers. */
extern thread_local GuestThread* current_thread;
/* On a helper thread: whose it is. */
extern thread_local GuestThread* helped_thread;

/* Gives a new thread its number: the next one of its guest. */
void number_thread(ThreadView&, hp_ctl*);
void refresh_identity(ThreadView&, bool credentials = true);
[[noreturn]] void die_by_signal(int signo);
[[noreturn]] void internal_failure(const GuestThread&, const std::string& what);

}  // namespace hp::guest
