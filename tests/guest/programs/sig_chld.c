/* SIGCHLD with siginfo for exit, kill, stop, continue; SA_NOCLDSTOP, SA_NOCLDWAIT, SIG_IGN. */
#include "say.h"
static volatile int got, code, status;
static volatile pid_t who;
static void chld(int sig, siginfo_t* si, void* uc) {
  got++;
  code = si->si_code;
  status = si->si_status;
  who = si->si_pid;
}
static sigset_t set, old;
static void wait_for(pid_t p, const char* what) {
  int had = got;
  while (got == had) sigsuspend(&old);
  say("%s: code %d status %d right child %d", what, code, status, who == p);
}
int main(void) {
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, &old);
  on(SIGCHLD, chld, SA_RESTART);
  pid_t p = fork();
  if (!p) _exit(17);
  wait_for(p, "exit");
  say("%s", how(reap(p)));
  p = fork();
  if (!p)
    for (;;) pause();
  kill(p, SIGSTOP);
  wait_for(p, "stop");
  int st;
  show(waitpid(p, &st, WUNTRACED | WNOHANG) == p);
  say("%s", how(st));
  kill(p, SIGCONT);
  wait_for(p, "continue");
  show(waitpid(p, &st, WCONTINUED | WNOHANG) == p);
  say("%s", how(st));
  kill(p, SIGTERM);
  wait_for(p, "terminated");
  say("%s", how(reap(p)));
  on(SIGCHLD, chld, SA_NOCLDSTOP);
  got = 0;
  p = fork();
  if (!p) {
    raise(SIGSTOP);
    raise(SIGTSTP);
    _exit(4);
  }
  waitpid(p, &st, WUNTRACED);
  say("%s", how(st));
  kill(p, SIGCONT);
  waitpid(p, &st, WUNTRACED);
  say("%s; SIGCHLD so far %d", how(st), got);
  kill(p, SIGCONT);
  wait_for(p, "exit");
  say("%s", how(reap(p)));
  signal(SIGCHLD, SIG_IGN);
  sigprocmask(SIG_SETMASK, &old, 0);
  p = fork();
  if (!p) _exit(1);
  errno = 0;
  say("wait with SIG_IGN: %d", waitpid(p, &st, 0));
  say("%s", strerrorname_np(errno));
  on(SIGCHLD, chld, SA_NOCLDWAIT);
  p = fork();
  if (!p) _exit(1);
  errno = 0;
  while (waitpid(p, &st, 0) == -1 && errno == EINTR) continue;
  say("wait with SA_NOCLDWAIT: %s", strerrorname_np(errno));
  return 0;
}
