/* Many signals while computing, calling and forking: none is lost, none arrives twice. */
#include "say.h"
static volatile long sum, got;
static void add(int sig, siginfo_t* si, void* uc) {
  sum += si->si_value.sival_int;
  got++;
}
int main(void) {
  on(SIGRTMIN, add, SA_RESTART);
  pid_t me = getpid(), p = fork();
  enum { N = 2000 };
  if (!p) {
    for (int i = 1; i <= N; i++)
      while (sigqueue(me, SIGRTMIN, (union sigval){.sival_int = i}) < 0) nap(1);
    _exit(0);
  }
  volatile long work = 0;
  int pipes[2];
  pipe(pipes);
  char c;
  long bad = 0;
  while (got < N) {
    work++;
    if (work % 3 == 0) getppid();
    if (work % 7 == 0) {
      bad += write(pipes[1], "abc", 1) != 1;
      bad += read(pipes[0], &c, 1) != 1 || c != 'a';
    }
    if (work % 500 == 0) {
      pid_t k = fork();
      if (!k) _exit(3);
      bad += reap(k) != 3 << 8;
    }
  }
  say("signals %ld sum %ld calls gone wrong %ld", got, sum, bad);
  say("%s", how(reap(p)));
  return 0;
}
