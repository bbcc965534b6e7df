/* Sampler: interrupts a guest thread at even steps of the CPU time that it uses, for profile-N.
 *
 * Each rate is a POSIX timer on the clock of the thread's own CPU time, so that a thread that waits is
 * never disturbed and one that runs is sampled at the rate wherever it runs. The timer's signal is
 * one of those that the monitor handles whatever the guest wants of them (signals.hpp); the handler
 * only counts and makes the vCPU stop. Samples are fired by the thread's loop, where its registers
 * are its program's: those that hit the program itself with its program counter, all others (a system
 * call, a page's first touch, the monitor) as samples of the kernel. Ticks of the host's clock that
 * stand for several intervals fire as often.
 *
 * Timers are set when the control page says that programs with such probes come or go; without them
 * nothing runs but one comparison for each exit. Where programs may come while a thread computes
 * (hp_ctl.late_programs), a slow timer makes it look. */
#pragma once
#include <csignal>
#include <cstddef>
#include <cstdint>

namespace hp::guest {

class GuestThread;

class Sampler {
 public:
  static constexpr size_t kMax = 16;            /* rates at a time */
  static constexpr uint64_t kLook = 50'000'000; /* ns of CPU time between looks for new programs */

  explicit Sampler(GuestThread& t) : thread_(t) {}

  /* Sets the timers that the programs want now. On the thread itself, as are the next three. */
  void configure();
  /* The thread ends, or forked: the child has no timers. */
  void stop();
  void forget();
  /* Fires what is pending. in_program: the vCPU stopped in the program, by the signal. */
  void fire(bool in_program);

  bool outdated() const;
  bool pending() const { return pending_ != 0; }
  bool hit_program() const { return hit_program_ != 0; }
  /* Did a signal of ours come since? For calls that it made return early. */
  uint32_t signals() const { return signals_; }
  void enter() { running_ = 1; }
  void leave() { running_ = 0; }

  /* In the signal handler. False: the signal is somebody else's. pc: what it interrupted. */
  bool on_signal(int signo, const siginfo_t&, uint64_t pc);
  static constexpr int kSignal = SIGILL;

 private:
  bool set_timer(size_t index, uint64_t interval);

  GuestThread& thread_;
  uint32_t epoch_ = 0; /* of the control page, that the timers are for */
  size_t count_ = 0;   /* timers, the slow one included */
  int timers_[kMax + 1] = {};
  volatile uint32_t ticks_[kMax] = {};
  volatile uint32_t pending_ = 0, signals_ = 0;
  volatile int running_ = 0, hit_program_ = 0;
  volatile uint64_t pc_ = 0;
};

}  // namespace hp::guest
