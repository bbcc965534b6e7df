/* Signal dispositions of a guest process, and what the kernel's structures look like. */
#pragma once
#include <csignal>
#include <cstdint>
#include <mutex>

namespace hp::guest {

inline constexpr int kSignals = 64;

constexpr uint64_t signal_bit(int signo) {
  return 1ull << (signo - 1);
}

/* Faults: the monitor always keeps these unblocked and handled on the host; blocking, ignoring and
 * delivery are emulated. */
inline constexpr uint64_t kSyncSignals = signal_bit(SIGSEGV) | signal_bit(SIGBUS) |
                                         signal_bit(SIGILL) | signal_bit(SIGFPE) |
                                         signal_bit(SIGTRAP);

/* struct kernel_sigaction of x86-64. */
struct GuestAction {
  uint64_t handler = 0, flags = 0, restorer = 0, mask = 0;
};
static_assert(sizeof(GuestAction) == 32);

struct SignalActions {
  std::mutex mutex;
  GuestAction of[kSignals + 1];
  void copy_from(SignalActions& o) {
    std::lock_guard guard(o.mutex);
    for (int i = 0; i <= kSignals; ++i) of[i] = o.of[i];
  }
};

inline constexpr int32_t kAutodisarm = INT32_MIN; /* SS_AUTODISARM */

/* struct sigaltstack. */
struct GuestAltStack {
  uint64_t sp = 0;
  int32_t flags = SS_DISABLE;
  int32_t pad = 0;
  uint64_t size = 0;
};
static_assert(sizeof(GuestAltStack) == 24);

}  // namespace hp::guest
