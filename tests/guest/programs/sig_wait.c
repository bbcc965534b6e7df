/* sigwaitinfo, sigtimedwait, sigsuspend, signalfd, ppoll/pselect/epoll_pwait masks. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>

#include "say.h"
static volatile int got;
static void count(int sig, siginfo_t* si, void* uc) {
  got++;
}
int main(void) {
  sigset_t usr, none;
  sigemptyset(&none);
  sigemptyset(&usr);
  sigaddset(&usr, SIGUSR1);
  sigaddset(&usr, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &usr, 0);
  on(SIGUSR1, count, 0);
  siginfo_t si;
  struct timespec zero = {0, 0}, ms = {0, 1000000};
  sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7});
  int r = sigwaitinfo(&usr, &si);
  say("sigwaitinfo SIGRTMIN %d code %d value %d", r == SIGRTMIN, si.si_code, si.si_value.sival_int);
  show_ok(sigtimedwait(&usr, &si, &zero));
  show_ok(sigtimedwait(&usr, &si, &ms));
  pid_t me = getpid(), p = fork();
  if (!p) {
    until_sleeping(me);
    kill(me, SIGUSR1);
    _exit(3);
  }
  r = sigwaitinfo(&usr, &si);
  say("sigwaitinfo SIGUSR1 %d from child %d handler ran %d", r == SIGUSR1, si.si_pid == p, got);
  reap(p);

  kill(me, SIGUSR1);
  r = sigsuspend(&none);
  say("sigsuspend %d %s handled %d", r, strerrorname_np(errno), got);
  sigset_t now;
  sigprocmask(SIG_BLOCK, 0, &now);
  say("blocked again %d", sigismember(&now, SIGUSR1));
  p = fork();
  if (!p) {
    until_sleeping(me);
    kill(me, SIGUSR1);
    _exit(0);
  }
  sigsuspend(&none);
  say("sigsuspend again, handled %d", got);
  reap(p);

  int fd = signalfd(-1, &usr, SFD_CLOEXEC);
  kill(me, SIGUSR1);
  struct signalfd_siginfo sf;
  r = read(fd, &sf, sizeof sf);
  say("signalfd %d bytes SIGUSR1 %d code %d from self %d, handled %d", r, sf.ssi_signo == SIGUSR1,
      sf.ssi_code, sf.ssi_pid == (unsigned)me, got);
  struct pollfd pf = {fd, POLLIN, 0};
  say("poll of an empty signalfd %d", poll(&pf, 1, 0));
  kill(me, SIGUSR1);
  say("poll of a full signalfd %d", poll(&pf, 1, 0));
  read(fd, &sf, sizeof sf);

  int pipes[2];
  pipe(pipes);
  struct pollfd pp = {pipes[0], POLLIN, 0};
  struct timespec minute = {60, 0};
  kill(me, SIGUSR1);
  r = ppoll(&pp, 1, &minute, &none);
  say("ppoll %d %s handled %d", r, strerrorname_np(errno), got);
  kill(me, SIGUSR1);
  fd_set fs;
  FD_ZERO(&fs);
  FD_SET(pipes[0], &fs);
  r = pselect(pipes[0] + 1, &fs, 0, 0, &minute, &none);
  say("pselect %d %s handled %d", r, strerrorname_np(errno), got);
  int e = epoll_create1(0);
  struct epoll_event ev = {EPOLLIN, {.fd = pipes[0]}};
  epoll_ctl(e, EPOLL_CTL_ADD, pipes[0], &ev);
  kill(me, SIGUSR1);
  r = epoll_pwait(e, &ev, 1, 60000, &none);
  say("epoll_pwait %d %s handled %d", r, strerrorname_np(errno), got);
  /* Ready descriptors win over pending signals that the mask opens? The kernel decides; so must we.
   */
  kill(me, SIGUSR1);
  write(pipes[1], "x", 1);
  errno = 0;
  r = ppoll(&pp, 1, &minute, &none);
  say("ppoll ready %d handled %d", r, got);
  sigprocmask(SIG_BLOCK, 0, &now);
  say("still blocked %d", sigismember(&now, SIGUSR1));
  return 0;
}
