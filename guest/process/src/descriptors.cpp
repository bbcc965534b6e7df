#include "descriptors.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "calls.hpp"

namespace hp::guest {

namespace {

constexpr int kReserved = 256;  /* numbers the monitor may use */
constexpr int kHighest = 16384; /* a descriptor table up to here is cheap */

std::atomic<int> range_start{0};
std::atomic<bool> mine[kReserved];

int64_t result_of(long r) {
  return r == -1 ? -errno : r;
}

}  // namespace

int monitor_descriptors_start() {
  int start = range_start.load();
  if (start == 0) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    auto top = static_cast<int>(std::min<uint64_t>(limit.rlim_cur, kHighest));
    start = top > 2 * kReserved ? top - kReserved : std::max(top / 2, 8);
    range_start = start;
  }
  return start;
}

int place_descriptor(int fd, bool close_on_exec) {
  if (fd < 0) return -1;
  int start = monitor_descriptors_start();
  int placed = fd;
  if (fd < start) {
    placed = fcntl(fd, close_on_exec ? F_DUPFD_CLOEXEC : F_DUPFD, start);
    int err = errno;
    close(fd);
    errno = err;
  } else {
    fcntl(fd, F_SETFD, close_on_exec ? FD_CLOEXEC : 0);
  }
  if (placed >= start && placed < start + kReserved) mine[placed - start] = true;
  return placed;
}

void release_descriptor(int fd) {
  int start = range_start.load();
  if (fd >= start && fd < start + kReserved) mine[fd - start] = false;
  close(fd);
}

bool is_monitor_descriptor(int fd) {
  int start = range_start.load(std::memory_order_relaxed);
  return fd >= start && fd < start + kReserved && mine[fd - start];
}

bool correct_descriptor_call(GuestThread& t, const Syscall& s, int64_t& result) {
  auto fd = static_cast<int>(s.args[0]);
  switch (s.nr) {
    case SYS_close:
    case SYS_dup:
    case SYS_fcntl:
    case SYS_read:
    case SYS_write:
    case SYS_ioctl:
    case SYS_fstat:
      if (!is_monitor_descriptor(fd)) return false;
      result = -EBADF;
      return true;
    case SYS_dup2:
    case SYS_dup3:
      if (!is_monitor_descriptor(fd) && !is_monitor_descriptor(static_cast<int>(s.args[1])))
        return false;
      result = -EBADF;
      return true;
    case SYS_close_range: {
      uint64_t first = static_cast<uint32_t>(s.args[0]), last = static_cast<uint32_t>(s.args[1]);
      auto start = static_cast<uint64_t>(monitor_descriptors_start());
      if (first > last || last < start || first >= start + kReserved) return false;
      uint64_t flags = s.args[2] & ~static_cast<uint64_t>(CLOSE_RANGE_UNSHARE);
      if (s.args[2] & CLOSE_RANGE_UNSHARE) return false;
      result = 0;
      uint64_t from = first;
      for (uint64_t at = std::max(first, start); at <= last && at < start + kReserved; ++at) {
        if (!mine[at - start]) continue;
        if (from < at) result = result_of(syscall(SYS_close_range, from, at - 1, flags));
        from = at + 1;
      }
      if (from <= last) result = result_of(syscall(SYS_close_range, from, last, flags));
      return true;
    }
    default:
      (void)t;
      return false;
  }
}

}  // namespace hp::guest
