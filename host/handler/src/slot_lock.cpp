#include "handler/slot_lock.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace hp::handler {

namespace {

std::atomic<bool> foreign{false};

constexpr int kRounds = 64; /* of sched_yield(2) before a firing is given up */

uint64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000000000u + static_cast<uint64_t>(t.tv_nsec);
}

/* proc(5): the state follows the command's closing parenthesis. */
bool is_zombie(uint32_t tid) noexcept {
  char path[40], text[512];
  std::snprintf(path, sizeof path, "/proc/%u/stat", tid);
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t n = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (n <= 0) return false;
  text[n] = '\0';
  const char* close_paren = std::strrchr(text, ')');
  return close_paren && (close_paren[2] == 'Z' || close_paren[2] == 'X');
}

}  // namespace

void set_foreign_process(bool value) noexcept {
  foreign.store(value, std::memory_order_relaxed);
}
bool is_foreign_process() noexcept {
  return foreign.load(std::memory_order_relaxed);
}

uint64_t pid_namespace() noexcept {
  struct stat st;
  return ::stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}

bool owner_is_dead(uint32_t tid) noexcept {
  if (is_foreign_process() || (tid & kForeignOwner)) return false;
  int saved = errno;
  bool dead = ::kill(static_cast<pid_t>(tid), 0) != 0 ? errno == ESRCH : is_zombie(tid);
  errno = saved;
  return dead;
}

bool thread_is_gone(uint32_t tid) noexcept {
  if (is_foreign_process() || (tid & kForeignOwner)) return false;
  int saved = errno;
  bool gone = ::kill(static_cast<pid_t>(tid), 0) != 0 && errno == ESRCH;
  errno = saved;
  return gone;
}

bool steal(hp_slot* slot, uint32_t tid) noexcept {
  uint32_t owner = __atomic_load_n(&slot->owner, __ATOMIC_RELAXED);
  if (owner == 0 || owner == tid || !owner_is_dead(owner)) return false;
  return __atomic_compare_exchange_n(&slot->owner, &owner, tid, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED);
}

hp_slot* lock_any(const SegmentView& segment, uint32_t preferred, uint32_t tid) noexcept {
  const uint32_t n = segment.nslots();
  /* Slots come in at least two per CPU where there is room: the upper half are spares. */
  const uint32_t spare = preferred + n / 2;
  for (int round = 0; round < kRounds; round++) {
    for (uint32_t i = 0; i <= n; i++) {
      hp_slot* slot = segment.slot((i == 0 ? preferred : spare + i - 1) % n);
      if (try_lock(slot, tid)) return slot;
    }
    if (round == 1 || round == kRounds / 2) {
      for (uint32_t i = 0; i < n; i++)
        if (steal(segment.slot(i), tid)) return segment.slot(i);
    }
    ::sched_yield();
  }
  return nullptr;
}

bool lock_for(hp_slot* slot, uint32_t tid, uint64_t wait_ns) noexcept {
  if (try_lock(slot, tid) || steal(slot, tid)) return true;
  for (uint64_t end = now() + wait_ns; now() < end; ::sched_yield())
    if (try_lock(slot, tid)) return true;
  return steal(slot, tid);
}

}  // namespace hp::handler
