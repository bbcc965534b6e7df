/* What the guest programs share: each prints lines `name: value` that must not depend on process
 * numbers, addresses or time, so that a native run and a guest run can be compared as text. */
#ifndef GUEST_PROGRAMS_SAY_H
#define GUEST_PROGRAMS_SAY_H
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One write(2) a line, so that lines of several processes or threads do not mix. */
#define say(...)                                                           \
  do {                                                                     \
    char say_line_[2048];                                                  \
    int say_n_ = snprintf(say_line_, sizeof say_line_ - 1, __VA_ARGS__);   \
    if (say_n_ > (int)sizeof say_line_ - 2) say_n_ = sizeof say_line_ - 2; \
    say_line_[say_n_] = '\n';                                              \
    if (write(1, say_line_, say_n_ + 1) < 0) _exit(99);                    \
  } while (0)

/* A call's result, without the value when that may differ: -1 with errno's name, or "ok". */
static inline const char* ok(long r) {
  return r == -1 ? strerrorname_np(errno) : "ok";
}
#define show(call)                                  \
  do {                                              \
    errno = 0;                                      \
    long show_r_ = (long)(call);                    \
    if (show_r_ == -1)                              \
      say("%s: %s", #call, strerrorname_np(errno)); \
    else                                            \
      say("%s: %ld", #call, show_r_);               \
  } while (0)
#define show_ok(call)                  \
  do {                                 \
    errno = 0;                         \
    long show_r_ = (long)(call);       \
    say("%s: %s", #call, ok(show_r_)); \
  } while (0)

/* A wait status in words. */
static inline const char* how(int status) {
  static __thread char text[64];
  if (WIFEXITED(status))
    snprintf(text, sizeof text, "exited %d", WEXITSTATUS(status));
  else if (WIFSIGNALED(status))
    snprintf(text, sizeof text, "killed by SIG%s%s", sigabbrev_np(WTERMSIG(status)),
             WCOREDUMP(status) ? " (core)" : "");
  else if (WIFSTOPPED(status))
    snprintf(text, sizeof text, "stopped by SIG%s", sigabbrev_np(WSTOPSIG(status)));
  else if (WIFCONTINUED(status))
    snprintf(text, sizeof text, "continued");
  else
    snprintf(text, sizeof text, "status %x", status);
  return text;
}
static inline int reap(pid_t pid) {
  int status = -1;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return status;
}
static inline void on(int sig, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction sa;
  memset(&sa, 0, sizeof sa);
  sa.sa_sigaction = handler;
  sa.sa_flags = SA_SIGINFO | flags;
  if (sigaction(sig, &sa, 0) < 0) say("sigaction %d: %s", sig, strerrorname_np(errno));
}
/* Sleeps as an event to wait for; used only where a second process must have blocked, and where the
 * result is the same when it has not. */
static inline void nap(int ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000l};
  while (nanosleep(&t, &t) < 0 && errno == EINTR) continue;
}
/* Waits until a process sleeps in a system call (state S in its stat), at most 5 s. */
static inline void until_sleeping(pid_t pid) {
  for (int i = 0; i < 2500; i++) {
    char path[64], text[512], *end;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0) return;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) return;
    text[n] = 0;
    end = strrchr(text, ')');
    if (end && end[2] == 'S' && i > 2) return;
    nap(2);
  }
}
#endif
