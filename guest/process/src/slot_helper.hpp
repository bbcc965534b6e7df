/* The helper thread of a vCPU: executes system calls handed over through the slot page, so that they
 * need no exit from the guest.
 *
 * States: asleep on a futex (claim bit 0: the gate takes the doorbell), or polling (claim bit 1: the
 * gate hands over and spins). It goes to sleep when the guest makes no call for kIdle; the vCPU's thread
 * wakes it when calls that it could take come often. It blocks all signals; identity and masks are
 * the vCPU thread's, so only calls of slot_allows() run here, the rest bounce to the doorbell.
 *
 * All functions are called by the vCPU's thread, which is then stopped outside the guest: no call is
 * under way in the helper. */
#pragma once
#include <atomic>
#include <cstdint>

#include "core_tokens.hpp"
#include "guest/interposer.hpp"

namespace hp::guest {

class GuestThread;
struct HostStack;
struct Slot;

/* May this call run on the helper? It must neither block nor depend on which thread makes it. May look
 * at the guest's memory and descriptors. */
bool slot_allows(GuestThread&, const Syscall&);

class SlotHelper {
 public:
  explicit SlotHelper(GuestThread& t) : thread_(t) {}
  /* A call came by the doorbell: wakes or starts the helper if that pays. */
  void on_doorbell(const Syscall&);
  /* Puts it to sleep and waits until it is: the guest thread forks, blocks or changes who it is. */
  void park();
  /* False: it sleeps, so no call is under way. */
  bool awake() const { return state_.load(std::memory_order_acquire) == kAwake; }
  /* Ends it; the object may be destroyed afterwards. */
  void stop();
  /* In the child of fork(2): the helper thread does not exist here. */
  void forget(bool close_files);

 private:
  enum State : int { kNone, kAsleep, kAwake };
  void wake();
  void main(HostStack*);
  bool poll(); /* until a call is handed over: true; false: fell asleep or was asked to */
  void serve();
  void sleep();
  bool too_crowded() const;

  GuestThread& thread_;
  CoreToken token_;
  std::atomic<int> state_{kNone};
  std::atomic<int> command_{0}; /* futex the helper sleeps on: 0 sleep, 1 poll, 2 end */
  std::atomic<bool> park_{false};
  int host_tid_ = 0;
  uint64_t last_call_ = 0; /* TSC */
  int score_ = 0, bounces_ = 0;
  std::atomic<int> stolen_{0}; /* evidence that the helper's core is wanted by others */
};

}  // namespace hp::guest
