/* Death by each signal and fault, as the parent sees it; ignored faults kill all the same. */
#include <sys/resource.h>

#include "say.h"
static void fault(int what) {
  volatile int zero = 0, one = 1;
  switch (what) {
    case 0:
      *(volatile int*)0 = 1;
      break;
    case 1:
      one = one / zero;
      break;
    case 2:
      asm volatile("ud2");
      break;
    case 3:
      asm volatile("int3");
      break;
    case 4:
      abort();
    case 5:
      signal(SIGSEGV, SIG_IGN);
      *(volatile int*)0 = 1;
      break;
    case 6: {
      sigset_t s;
      sigfillset(&s);
      sigprocmask(SIG_SETMASK, &s, 0);
      *(volatile int*)0 = 1;
      break;
    }
    case 7:
      kill(getpid(), SIGKILL);
      break;
    case 8: {
      int p[2];
      pipe(p);
      close(p[0]);
      write(p[1], "x", 1);
      break;
    }
    case 9:
      alarm(1);
      for (;;) pause();
    case 10: {
      struct rlimit l = {100, 100};
      setrlimit(RLIMIT_FSIZE, &l);
      int fd = open("big", O_CREAT | O_WRONLY, 0600);
      char b[200] = {0};
      write(fd, b, 200);
      write(fd, b, 200);
      break;
    }
  }
}
int main(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  static const int sigs[] = {SIGHUP,  SIGINT,    SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM,
                             SIGTERM, SIGVTALRM, SIGPROF, SIGXCPU, SIGIO,   SIGPWR,  SIGSYS,
                             SIGSEGV, SIGBUS,    SIGFPE,  SIGKILL, SIGCHLD, SIGURG,  SIGWINCH};
  for (unsigned i = 0; i < sizeof sigs / sizeof *sigs; i++) {
    pid_t p = fork();
    if (!p) {
      raise(sigs[i]);
      _exit(5);
    }
    say("raise SIG%s: %s", sigabbrev_np(sigs[i]), how(reap(p)));
  }
  for (int what = 0; what <= 10; what++) {
    pid_t p = fork();
    if (!p) {
      fault(what);
      _exit(6);
    }
    say("fault %d: %s", what, how(reap(p)));
  }
  pid_t p = fork();
  if (!p)
    for (;;) pause();
  until_sleeping(p);
  kill(p, SIGTERM);
  say("killed while paused: %s", how(reap(p)));
  p = fork();
  if (!p)
    for (volatile long n = 0;; n++) continue;
  nap(30);
  kill(p, SIGKILL);
  say("killed while computing: %s", how(reap(p)));
  p = fork();
  if (!p)
    for (volatile long n = 0;; n++) continue;
  kill(p, SIGTERM);
  say("terminated while computing: %s", how(reap(p)));
  raise(SIGTERM); /* and the program itself */
  return 0;
}
