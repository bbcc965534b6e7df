/* Which system calls may run on the helper thread: they return at once and mean the same on every
 * thread of the process. Calls that may send a signal to
 * their caller (SIGPIPE, SIGXFSZ) do not qualify. */
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "descriptors.hpp"
#include "guest/guest_memory.hpp"
#include "slot_helper.hpp"
#include "thread.hpp"

namespace hp::guest {

namespace {

/* Does an operation on this descriptor return without waiting for anybody? */
bool returns_at_once(int fd, bool writing) {
  struct stat st;
  if (is_monitor_descriptor(fd)) return false;
  if (fstat(fd, &st) != 0) return true; /* EBADF */
  switch (st.st_mode & S_IFMT) {
    case S_IFREG:
      /* Files of /proc and tracefs say 0; some wait (/proc/kmsg), some mind who writes. */
      if (st.st_size == 0) return false;
      if (writing) {
        rlimit limit;
        return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
      }
      return true;
    case S_IFDIR:
      return true;
    case S_IFCHR:
      return st.st_rdev == makedev(1, 3) || st.st_rdev == makedev(1, 5) ||
             st.st_rdev == makedev(1, 9);
    case S_IFIFO:
    case S_IFSOCK:
      /* A write may raise SIGPIPE, which belongs to the guest's thread. */
      return !writing && (fcntl(fd, F_GETFL) & O_NONBLOCK);
    default:
      return false;
  }
}

/* /proc/thread-self is another one on the helper. */
bool names_thread(const char* path) {
  return std::strstr(path, "thread-self") != nullptr;
}
bool names_thread(uint64_t path_at) {
  char path[4096];
  uint64_t n;
  return GuestMemory::read_string(path, path_at, sizeof path, &n) && names_thread(path);
}

/* Opening a FIFO or a device may wait. */
bool opens_at_once(int dirfd, uint64_t path_at) {
  char path[4096];
  uint64_t n;
  if (!GuestMemory::read_string(path, path_at, sizeof path, &n)) return true; /* EFAULT */
  if (names_thread(path)) return false;
  struct stat st;
  if (fstatat(dirfd, path, &st, 0) != 0) return true;
  return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ||
         (S_ISCHR(st.st_mode) && major(st.st_rdev) == 1);
}

bool process_clock(uint64_t id) {
  return id == CLOCK_REALTIME || id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_RAW ||
         id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE || id == CLOCK_BOOTTIME ||
         id == CLOCK_PROCESS_CPUTIME_ID;
}

}  // namespace

bool slot_allows(GuestThread& t, const Syscall& s) {
  if (t.process.slot_forbidden.load(std::memory_order_relaxed)) return false;
  const uint64_t* a = s.args;
  auto fd = static_cast<int>(a[0]);
  switch (s.nr) {
    case SYS_getpid:
    case SYS_getppid:
    case SYS_getuid:
    case SYS_geteuid:
    case SYS_getgid:
    case SYS_getegid:
    case SYS_getresuid:
    case SYS_getresgid:
    case SYS_getgroups:
    case SYS_getpgid:
    case SYS_getpgrp:
    case SYS_getsid:
    case SYS_uname:
    case SYS_sysinfo:
    case SYS_times:
    case SYS_time:
    case SYS_gettimeofday:
    case SYS_getrlimit:
    case SYS_umask:
    case SYS_getcwd:
    case SYS_fchdir:
    case SYS_fstatfs:
    case SYS_mkdir:
    case SYS_mkdirat:
    case SYS_rmdir:
    case SYS_unlink:
    case SYS_unlinkat:
    case SYS_rename:
    case SYS_renameat:
    case SYS_renameat2:
    case SYS_link:
    case SYS_linkat:
    case SYS_symlink:
    case SYS_symlinkat:
    case SYS_chmod:
    case SYS_fchmodat:
    case SYS_utimensat:
    case SYS_getxattr:
    case SYS_lgetxattr:
    case SYS_mmap:
    case SYS_munmap:
    case SYS_mprotect:
    case SYS_mremap:
    case SYS_brk:
    case SYS_pipe:
    case SYS_pipe2:
    case SYS_socket:
    case SYS_eventfd2:
    case SYS_epoll_create1:
    case SYS_timerfd_create:
    case SYS_timerfd_settime:
    case SYS_timerfd_gettime:
    case SYS_rt_sigaction:
      return true;
    case SYS_chdir:
    case SYS_stat:
    case SYS_lstat:
    case SYS_statfs:
    case SYS_access:
    case SYS_readlink:
      return !names_thread(a[0]);
    case SYS_newfstatat:
    case SYS_statx:
    case SYS_faccessat:
    case SYS_faccessat2:
    case SYS_readlinkat:
      return !names_thread(a[1]);
    case SYS_fstat:
    case SYS_lseek:
    case SYS_getdents64:
    case SYS_getdents:
    case SYS_fadvise64:
    case SYS_fchmod:
    case SYS_fchown:
    case SYS_fgetxattr:
    case SYS_dup:
    case SYS_setsockopt:
    case SYS_getsockopt:
    case SYS_getsockname:
    case SYS_getpeername:
    case SYS_bind:
    case SYS_listen:
    case SYS_epoll_ctl:
      return !is_monitor_descriptor(fd);
    case SYS_dup2:
    case SYS_dup3:
      return !is_monitor_descriptor(fd) && !is_monitor_descriptor(static_cast<int>(a[1]));
    case SYS_close: {
      /* A socket may linger. */
      struct stat st;
      return !is_monitor_descriptor(fd) && (fstat(fd, &st) != 0 || !S_ISSOCK(st.st_mode));
    }
    case SYS_madvise:
      return true;
    case SYS_open:
      return opens_at_once(AT_FDCWD, a[0]);
    case SYS_openat:
      return opens_at_once(fd, a[1]);
    case SYS_read:
    case SYS_readv:
    case SYS_pread64:
    case SYS_preadv:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_accept:
    case SYS_accept4:
      return returns_at_once(fd, false);
    case SYS_write:
    case SYS_writev:
    case SYS_pwrite64:
    case SYS_pwritev:
    case SYS_ftruncate:
      return returns_at_once(fd, true);
    case SYS_sendto:
    case SYS_sendmsg: {
      uint64_t flags = s.nr == SYS_sendto ? a[3] : a[2];
      return (flags & MSG_NOSIGNAL) && returns_at_once(fd, false);
    }
    case SYS_fcntl:
      return !is_monitor_descriptor(fd) &&
             (a[1] == F_GETFD || a[1] == F_SETFD || a[1] == F_GETFL || a[1] == F_SETFL ||
              a[1] == F_DUPFD || a[1] == F_DUPFD_CLOEXEC);
    case SYS_ioctl:
      return !is_monitor_descriptor(fd) && (a[1] == 0x5401 /* TCGETS */ || a[1] == 0x5413);
    case SYS_clock_gettime:
    case SYS_clock_getres:
      return process_clock(a[0]);
    case SYS_getrusage:
      return static_cast<int>(a[0]) != RUSAGE_THREAD;
    case SYS_prlimit64:
      return a[0] == 0 && a[2] == 0;
    case SYS_getrandom:
      return a[1] <= 256;
    case SYS_futex: {
      uint64_t op = a[1] & ~static_cast<uint64_t>(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
      return op == FUTEX_WAKE || op == FUTEX_WAKE_BITSET;
    }
    case SYS_poll:
      return static_cast<int>(a[2]) == 0;
    case SYS_epoll_wait:
      return static_cast<int>(a[3]) == 0;
    case SYS_epoll_pwait:
      return static_cast<int>(a[3]) == 0 && a[4] == 0;
    default:
      return false;
  }
}

}  // namespace hp::guest
