#include "sampler.hpp"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "thread.hpp"

namespace hp::guest {

namespace {

/* Marks our timers among those that the guest may have on the same signal. */
char mark;
constexpr uint32_t kMark = 0x48590000;

uint64_t sival_of(size_t index) {
  return reinterpret_cast<uint64_t>(&mark) + (uint64_t{kMark} << 32) + index;
}

timespec timespec_of(uint64_t ns) {
  return {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

}  // namespace

bool Sampler::outdated() const {
  const hp_ctl* c = thread_.process.control;
  return c && __atomic_load_n(&c->profile_epoch, __ATOMIC_RELAXED) != epoch_;
}

bool Sampler::set_timer(size_t index, uint64_t interval) {
  struct { /* struct sigevent of the kernel's, whose thread member the C library hides */
    uint64_t value;
    int signo, notify, tid;
    char pad[64 - 20];
  } event{sival_of(index), kSignal, SIGEV_THREAD_ID, static_cast<int>(::syscall(SYS_gettid)), {}};
  int id = 0;
  if (::syscall(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &event, &id) != 0) return false;
  /* Short-lived threads are sampled as often as long ones: the first interval begins anywhere. */
  const uint64_t phase = (__rdtsc() * 0x9e3779b97f4a7c15ull >> 11) % interval + 1;
  itimerspec spec{timespec_of(interval), timespec_of(phase)};
  if (::syscall(SYS_timer_settime, id, 0, &spec, nullptr) != 0) {
    ::syscall(SYS_timer_delete, id);
    return false;
  }
  timers_[count_++] = id;
  return true;
}

void Sampler::stop() {
  while (count_ > 0) ::syscall(SYS_timer_delete, timers_[--count_]);
  pending_ = 0;
}

void Sampler::forget() {
  count_ = 0;
  pending_ = 0;
  epoch_ = 0;
}

void Sampler::configure() {
  const hp_ctl& c = *thread_.process.control;
  stop();
  epoch_ = __atomic_load_n(&c.profile_epoch, __ATOMIC_ACQUIRE);
  for (volatile uint32_t& t : ticks_) t = 0;
  uint64_t intervals[kMax];
  size_t n = 0;
  if (__atomic_load_n(&c.profile, __ATOMIC_ACQUIRE) != 0 && thread_.process.observer)
    n = thread_.process.observer->sampling_intervals(thread_, intervals, kMax);
  for (size_t i = 0; i < n; ++i) set_timer(i, intervals[i]);
  if (c.late_programs) set_timer(kMax, kLook);
}

bool Sampler::on_signal(int signo, const siginfo_t& info, uint64_t pc) {
  if (signo != kSignal || info.si_code != SI_TIMER) return false;
  const uint64_t index = reinterpret_cast<uint64_t>(info.si_ptr) - sival_of(0);
  if (index > kMax) return false;
  if (index < kMax) ticks_[index] = ticks_[index] + 1 + static_cast<uint32_t>(info.si_overrun);
  hit_program_ = running_;
  pc_ = pc;
  pending_ = 1;
  signals_ = signals_ + 1;
  thread_.cpu->vcpu->request_exit();
  return true;
}

void Sampler::fire(bool in_program) {
  pending_ = 0;
  uint32_t ticks[kMax];
  for (size_t i = 0; i < kMax; ++i) {
    ticks[i] = __atomic_exchange_n(const_cast<uint32_t*>(&ticks_[i]), 0, __ATOMIC_RELAXED);
  }
  const uint64_t pc = pc_;
  thread_.cpu->vcpu->clear_exit_request();
  if (thread_.attention || pending_) thread_.cpu->vcpu->request_exit();
  SyscallObserver* observer = thread_.process.observer;
  if (!observer || outdated()) return;
  bool noted = false;
  for (size_t i = 0; i < kMax; ++i) {
    if (ticks[i] == 0) continue;
    if (!noted) thread_.note_place();
    noted = true;
    observer->sample(thread_, i, ticks[i], in_program ? 0 : pc);
  }
}

}  // namespace hp::guest
