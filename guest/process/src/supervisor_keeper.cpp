#include "guest/supervisor_keeper.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hp::guest {
namespace {

void report(int lifeline, KeeperEvent event, pid_t pid, int value) noexcept {
  KeeperReport r{event, pid, value};
  while (::send(lifeline, &r, sizeof r, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

/* In the child that becomes the first monitor. */
[[noreturn]] void exec_monitor(const KeeperStart& start, int error_pipe) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int fd : start.keep) ::fcntl(fd, F_SETFD, 0);
  for (int i = 0; i < start.ndefault_signals; i++) ::signal(start.default_signals[i], SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &start.signal_mask, nullptr);
  ::execv(start.monitor, start.argv);
  int err = errno;
  ssize_t ignored = ::write(error_pipe, &err, sizeof err);
  (void)ignored;
  ::_exit(127);
}

/* Starts the first monitor; returns its pid, or -1 with errno of fork or execve. */
pid_t start_monitor(const KeeperStart& start) noexcept {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return -1;
  pid_t pid = ::fork();
  if (pid == 0) exec_monitor(start, pipe[1]);
  int fork_error = errno;
  ::close(pipe[1]);
  int err = 0;
  ssize_t n = 0;
  if (pid > 0) do
      n = ::read(pipe[0], &err, sizeof err);
    while (n < 0 && errno == EINTR);
  ::close(pipe[0]);
  if (pid < 0) {
    errno = fork_error;
    return -1;
  }
  if (n == static_cast<ssize_t>(sizeof err)) {
    ::waitpid(pid, nullptr, 0);
    errno = err;
    return -1;
  }
  return pid;
}

/* Every descriptor but the two given, 0 to 2 included: the keeper must not hold the guest's pipes
 * open. */
void close_others(int a, int b) noexcept {
  int low = a < b ? a : b, high = a < b ? b : a;
  if (low > 0) ::syscall(SYS_close_range, 0u, static_cast<unsigned>(low - 1), 0u);
  if (high - low > 1)
    ::syscall(SYS_close_range, static_cast<unsigned>(low + 1), static_cast<unsigned>(high - 1), 0u);
  ::syscall(SYS_close_range, static_cast<unsigned>(high + 1), ~0u, 0u);
}

/* SIGKILL to each child of this process, once. proc(5): /proc/PID/task/TID/children. */
void kill_children() noexcept {
  char path[64] = "/proc/self/task/";
  char digits[16];
  int n = 0, len = 16;
  for (pid_t p = ::getpid(); p != 0; p /= 10) digits[n++] = static_cast<char>('0' + p % 10);
  while (n > 0) path[len++] = digits[--n];
  for (const char* s = "/children"; *s; s++) path[len++] = *s;
  path[len] = 0;
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  char buf[4096];
  pid_t pid = 0;
  for (;;) {
    ssize_t got = ::read(fd, buf, sizeof buf);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    for (ssize_t i = 0; i < got; i++) {
      if (buf[i] >= '0' && buf[i] <= '9') {
        pid = pid * 10 + (buf[i] - '0');
      } else {
        if (pid > 0) ::kill(pid, SIGKILL);
        pid = 0;
      }
    }
  }
  if (pid > 0) ::kill(pid, SIGKILL);
  ::close(fd);
}

struct Keeper {
  int lifeline;
  pid_t first;
  bool first_alive = true;

  /* Collects what has died; false when no child is left. */
  bool reap(int flags) noexcept {
    for (;;) {
      int status;
      pid_t pid = ::waitpid(-1, &status, flags);
      if (pid < 0 && errno == EINTR) continue;
      if (pid < 0) return false;
      if (pid == 0) return true;
      if (pid == first && first_alive) {
        first_alive = false;
        report(lifeline, KeeperEvent::FirstExited, first, status);
      }
      if (!(flags & WNOHANG)) return true;
    }
  }

  /* Orphans of what was killed become our children; so this ends when the tree is empty. */
  void kill_all() noexcept {
    if (first_alive) ::kill(first, SIGKILL);
    do kill_children();
    while (reap(0));
  }
};

}  // namespace

void run_keeper(const KeeperStart& start) noexcept {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_NAME, "hyprobe-keeper");
  int owner = static_cast<int>(::syscall(SYS_pidfd_open, start.owner, 0));
  if (::getppid() != start.owner) ::_exit(1); /* the owner died already */
  pid_t first = start_monitor(start);
  if (first < 0) {
    report(start.lifeline, KeeperEvent::ExecFailed, 0, errno);
    ::_exit(1);
  }
  close_others(start.lifeline, owner);
  sigset_t chld;
  ::sigemptyset(&chld);
  ::sigaddset(&chld, SIGCHLD);
  int children = ::signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
  report(start.lifeline, KeeperEvent::Started, first, 0);

  /* All signals stay blocked: those of the terminal are the guest's and the owner's business. */
  Keeper keeper{start.lifeline, first};
  for (;;) {
    if (!keeper.reap(WNOHANG)) break;
    pollfd fds[3] = {{children, POLLIN, 0}, {start.lifeline, POLLIN, 0}, {owner, POLLIN, 0}};
    if (::poll(fds, 3, -1) < 0) continue;
    if (fds[0].revents) {
      signalfd_siginfo info;
      while (::read(children, &info, sizeof info) > 0) {
      }
    }
    bool kill = fds[2].revents != 0;
    if (fds[1].revents) {
      KeeperCommand c;
      ssize_t n = ::recv(start.lifeline, &c, sizeof c, MSG_DONTWAIT);
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) kill = true;
      if (n == static_cast<ssize_t>(sizeof c)) {
        if (c.op == KeeperOp::Kill) kill = true;
        if (c.op == KeeperOp::Signal && keeper.first_alive) ::kill(first, c.signo);
      }
    }
    if (kill) {
      keeper.kill_all();
      break;
    }
  }
  report(start.lifeline, KeeperEvent::AllGone, first, 0);
  ::_exit(0);
}

}  // namespace hp::guest
