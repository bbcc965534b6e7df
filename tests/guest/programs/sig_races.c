/* Signals that arrive in the middle of what changes masks: none is lost, and none runs while blocked. */
#include "say.h"

enum { N = 3000 };
static volatile int blocked, in_fault, early;
static volatile long got, sum, faults;

static void count(int sig, siginfo_t* si, void* uc) {
  if (blocked || in_fault) early++;
  sum += si->si_value.sival_int;
  got++;
}
static char* page;
static void fault(int sig, siginfo_t* si, void* uc) {
  in_fault = 1;
  faults++;
  mprotect(page, 4096, PROT_READ | PROT_WRITE);
  for (volatile int i = 0; i < 300; i++) continue;
  in_fault = 0;
}

static pid_t sender(pid_t to) {
  pid_t p = fork();
  if (p) return p;
  for (int i = 1; i <= N; i++)
    while (sigqueue(to, SIGRTMIN, (union sigval){.sival_int = i}) < 0) nap(1);
  _exit(0);
}
static void start(void) {
  got = sum = early = 0;
}
static void finish(const char* what, pid_t p) {
  say("%s: signals %ld sum %ld early %d", what, got, sum, early);
  say("%s", how(reap(p)));
}

static void terminate(int sig, siginfo_t* si, void* uc) {
  _exit(5);
}

int main(void) {
  on(SIGRTMIN, count, SA_RESTART);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);

  start();
  pid_t p = sender(getpid());
  while (got < N) {
    sigprocmask(SIG_BLOCK, &set, 0);
    blocked = 1;
    getppid();
    for (volatile int i = 0; i < 100; i++) continue;
    blocked = 0;
    sigprocmask(SIG_UNBLOCK, &set, 0);
  }
  finish("sigprocmask", p);

  /* A fault's handler blocks everything: what came just before it has to wait. */
  struct sigaction sa;
  memset(&sa, 0, sizeof sa);
  sa.sa_sigaction = fault;
  sa.sa_flags = SA_SIGINFO;
  sigfillset(&sa.sa_mask);
  sigaction(SIGSEGV, &sa, 0);
  page = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  start();
  p = sender(getpid());
  long rounds = 0;
  while (got < N) {
    mprotect(page, 4096, PROT_READ);
    *(volatile char*)page = 1;
    rounds++;
  }
  finish("faults", p);
  say("a fault each round: %s", faults == rounds ? "yes" : "no");

  /* A signal during execve runs the old program's handler or ends the new program. */
  int lost = 0;
  for (int i = 0; i < 40; i++) {
    int ready[2];
    pipe(ready);
    pid_t k = fork();
    if (!k) {
      on(SIGTERM, terminate, 0);
      write(ready[1], "x", 1);
      execl("/bin/sleep", "sleep", "2", (char*)0);
      _exit(9);
    }
    char c;
    read(ready[0], &c, 1);
    for (volatile int spin = 0; spin < i * 4000; spin++) continue;
    kill(k, SIGTERM);
    int status = reap(k);
    if (!(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) &&
        !(WIFEXITED(status) && WEXITSTATUS(status) == 5))
      lost++;
    close(ready[0]);
    close(ready[1]);
  }
  say("lost in execve: %d", lost);
  return 0;
}
