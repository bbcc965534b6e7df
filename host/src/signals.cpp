#include "host/signals.hpp"

#include <sys/eventfd.h>
#include <time.h>

#include <atomic>

namespace hp::host {
namespace {

/* What the handler needs; there is one set of signal dispositions in a process. */
std::atomic<int> event_fd{-1}, seen{0}, last_signal{0};
std::atomic<int64_t> last_time{0}; /* ns */
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<int64_t>::is_always_lock_free);

/* One request may arrive as two signals: timeout(1) signals its child, then the process group. */
constexpr int64_t kOneRequest = 200'000'000; /* ns */

int64_t monotonic_now() {
  struct timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t); /* async-signal-safe, signal-safety(7) */
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

void on_signal(int signo) {
  const int saved = errno;
  const int64_t now = monotonic_now();
  if (seen.load() == 0 || now - last_time.load() >= kOneRequest) {
    last_time.store(now);
    seen.fetch_add(1);
  }
  last_signal.store(signo);
  const uint64_t one = 1;
  const int fd = event_fd.load();
  if (fd >= 0 && ::write(fd, &one, sizeof one) < 0) { /* full: it is readable already */
  }
  errno = saved;
}

}  // namespace

Result<StopSignals> StopSignals::install() {
  StopSignals s;
  s.event_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!s.event_) return fail_errno("cannot create an event descriptor");
  seen = 0;
  last_signal = 0;
  event_fd = s.event_.get();
  for (size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &s.before_[i]);
    if (s.before_[i].sa_handler == SIG_IGN) continue;
    struct sigaction action{};
    action.sa_handler = kSignals[i] == SIGPIPE ? SIG_IGN : on_signal;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(kSignals[i], &action, nullptr);
  }
  return s;
}

StopSignals::~StopSignals() {
  if (!event_) return; /* moved from */
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  event_fd = -1;
}

void StopSignals::drain() {
  uint64_t n;
  while (::read(event_.get(), &n, sizeof n) > 0) {
  }
}

int StopSignals::count() const {
  return seen.load();
}
int StopSignals::last() const {
  return last_signal.load();
}

}  // namespace hp::host
