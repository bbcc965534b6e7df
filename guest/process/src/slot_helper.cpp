#include "slot_helper.hpp"

#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "host_stack.hpp"
#include "proc_files.hpp"
#include "signals.hpp"
#include "thread.hpp"

namespace hp::guest {

namespace {

constexpr uint64_t kIdleNs = 50'000;   /* polling without a call */
constexpr uint64_t kOftenNs = 100'000; /* calls closer than this count */
constexpr int kWorthIt = 8;            /* that many in a row wake the helper */
constexpr int kTooManyBounces = 16;
constexpr uint64_t kStolenNs = 500'000;
constexpr int kStolenWeight = 500; /* calls that make good for one stolen time slice */
constexpr int kTooMuchStolen = 2000;
constexpr int kRetryAfter = 1000; /* eligible calls until the next attempt */

long futex(std::atomic<int>& word, int op, int value) {
  return syscall(SYS_futex, reinterpret_cast<int*>(&word), op, value, nullptr, nullptr, 0);
}

uint64_t tsc_per_us() {
  static const uint64_t rate = [] {
    timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    uint64_t t0 = __rdtsc();
    int64_t ns;
    do {
      clock_gettime(CLOCK_MONOTONIC, &b);
      ns = (b.tv_sec - a.tv_sec) * 1'000'000'000ll + (b.tv_nsec - a.tv_nsec);
    } while (ns < 20'000);
    return (__rdtsc() - t0) * 1000 / static_cast<uint64_t>(ns);
  }();
  return rate;
}

}  // namespace

bool SlotHelper::too_crowded() const {
  return stolen_ > kTooMuchStolen && thread_.process.gate == HP_GATE_AUTO;
}

void SlotHelper::on_doorbell(const Syscall& s) {
  Process& p = thread_.process;
  if (p.gate == HP_GATE_DOORBELL || p.vfork_child || p.slot_forbidden) return;
  bool forced = p.gate == HP_GATE_SLOT;
  /* Another thread of this guest computes: the spare core is better left to it. */
  if (!forced && p.in_guest.load(std::memory_order_relaxed) > 0) return;
  uint64_t now = __rdtsc();
  bool often = now - last_call_ < kOftenNs * tsc_per_us() / 1000;
  last_call_ = now;
  if (state_.load(std::memory_order_acquire) == kAwake) return;
  if (!(often || forced) || !slot_allows(thread_, s)) {
    score_ = 0;
    return;
  }
  if (++score_ < kWorthIt && !forced) return;
  score_ = 0;
  if (too_crowded()) { /* the machine is busy: spinning would only slow everybody down */
    stolen_ = 0;
    score_ = -kRetryAfter;
    return;
  }
  if (!forced && !token_.take()) {
    score_ = -kRetryAfter;
    return;
  }
  wake();
}

void SlotHelper::wake() {
  if (state_.load() == kNone) {
    command_ = 1;
    state_ = kAwake;
    uint64_t mask = block_host_signals();
    int err = start_host_thread(
        [](HostStack* stack, void* p) { static_cast<SlotHelper*>(p)->main(stack); }, this);
    restore_host_signals(mask);
    if (err) {
      state_ = kNone;
      token_.give_back();
    }
    return;
  }
  state_ = kAwake;
  command_ = 1;
  futex(command_, FUTEX_WAKE_PRIVATE, 1);
}

void SlotHelper::park() {
  if (state_.load(std::memory_order_acquire) != kAwake) return;
  park_ = true;
  __atomic_fetch_and(&thread_.cpu->slot->claim, ~1u, __ATOMIC_ACQ_REL);
  while (state_.load(std::memory_order_acquire) == kAwake) {
    futex(state_, FUTEX_WAIT_PRIVATE, kAwake);
  }
  park_ = false;
}

void SlotHelper::stop() {
  park();
  if (state_.load() == kNone) return;
  command_ = 2;
  futex(command_, FUTEX_WAKE_PRIVATE, 1);
  while (state_.load(std::memory_order_acquire) != kNone)
    futex(state_, FUTEX_WAIT_PRIVATE, kAsleep);
}

void SlotHelper::forget(bool close_files) {
  state_ = kNone;
  command_ = 0;
  park_ = false;
  score_ = 0;
  token_.forget(close_files);
}

void SlotHelper::sleep() {
  token_.give_back();
  command_ = 0;
  state_.store(kAsleep, std::memory_order_release);
  futex(state_, FUTEX_WAKE_PRIVATE, 1);
  while (command_.load(std::memory_order_acquire) == 0) futex(command_, FUTEX_WAIT_PRIVATE, 0);
}

void SlotHelper::main(HostStack* stack) {
  host_tid_ = static_cast<int>(syscall(SYS_gettid));
  helped_thread = &thread_;
  prctl(PR_SET_NAME, kHelperName);
  for (;;) {
    if (command_.load(std::memory_order_acquire) == 2) break;
    bounces_ = 0;
    if (!park_) __atomic_store_n(&thread_.cpu->slot->claim, 1u, __ATOMIC_RELEASE);
    while (poll()) serve();
    sleep();
  }
  helped_thread = nullptr;
  std::atomic<int>* state = &state_;
  state->store(kNone, std::memory_order_release);
  futex(*state, FUTEX_WAKE_PRIVATE,
        1); /* at worst a wake of an address that is something else now */
  end_host_thread(stack, 0);
}

bool SlotHelper::poll() {
  uint32_t* claim = &thread_.cpu->slot->claim;
  uint64_t seen = __rdtsc(), per_us = tsc_per_us();
  uint64_t deadline = seen + kIdleNs * per_us / 1000;
  for (unsigned n = 1;; ++n) {
    if (!(__atomic_load_n(claim, __ATOMIC_ACQUIRE) & 1)) break;
    __builtin_ia32_pause();
    if (n % 32) continue;
    uint64_t now = __rdtsc();
    /* A pause this long: another thread had this core, while the guest may have spun. */
    if (now - seen > kStolenNs * per_us / 1000) stolen_ += kStolenWeight;
    seen = now;
    if (now > deadline || bounces_ >= kTooManyBounces || too_crowded()) {
      if (__atomic_fetch_and(claim, ~1u, __ATOMIC_ACQ_REL) & 1) return false;
      break;
    }
  }
  return !park_;
}

void SlotHelper::serve() {
  Slot& slot = *thread_.cpu->slot;
  Syscall s{slot.nr,
            {slot.args[0], slot.args[1], slot.args[2], slot.args[3], slot.args[4], slot.args[5]}};
  uint32_t outcome = kSlotBounce;
  if (slot_allows(thread_, s)) {
    if (hp_ctl* control = thread_.process.control) {
      thread_.pc = slot.pc;
      thread_.stack = slot.stack;
      thread_.frame = slot.frame;
      thread_.host_tid = host_tid_;
      thread_.knows_uregs = __atomic_load_n(&control->any, __ATOMIC_RELAXED) != 0;
      if (thread_.knows_uregs)
        thread_.uregs = {slot.nr,       slot.saved[0], slot.pc,       slot.args[2],  slot.args[1],
                         slot.args[0],  slot.stack,    slot.frame,    slot.args[4],  slot.args[5],
                         slot.args[3],  slot.saved[5], slot.saved[1], slot.saved[2], slot.saved[3],
                         slot.saved[4], slot.pc,       slot.saved[5]};
      __atomic_fetch_add(&control->syscalls_slot, 1, __ATOMIC_RELAXED);
    }
    auto& links = thread_.process.chain;
    Chain chain(links.data(), links.data() + links.size());
    slot.result = static_cast<uint64_t>(chain(thread_, s));
    outcome = kSlotDone;
    bounces_ = 0;
    if (stolen_ > 0) --stolen_;
  } else {
    ++bounces_;
  }
  __atomic_store_n(&slot.claim, 1u, __ATOMIC_RELEASE);
  __atomic_store_n(&slot.done, outcome, __ATOMIC_RELEASE);
}

}  // namespace hp::guest
