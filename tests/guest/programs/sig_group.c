/* Process groups and sessions: kill(0), kill(-pgid), waitpid(-pgid), stop and continue of a group,
 * setsid. */
#include "say.h"
int main(void) {
  setpgid(0, 0); /* EPERM where it leads a session already */
  say("own group %d", getpgrp() == getpid());
  signal(SIGUSR1, SIG_IGN);
  pid_t lead = 0, kids[3];
  for (int i = 0; i < 3; i++) {
    kids[i] = fork();
    if (!kids[i]) {
      setpgid(0, lead);
      signal(SIGUSR1, SIG_DFL);
      for (;;) pause();
    }
    if (!i) lead = kids[0];
    setpgid(kids[i], lead);
  }
  for (int i = 0; i < 3; i++) say("in the group %d", getpgid(kids[i]) == lead);
  int st;
  for (int i = 0; i < 3; i++) until_sleeping(kids[i]);
  kill(-lead, SIGSTOP);
  int n = 0;
  for (int i = 0; i < 3; i++) n += waitpid(-lead, &st, WUNTRACED) > 0 && WIFSTOPPED(st);
  say("stopped %d", n);
  kill(-lead, SIGCONT);
  n = 0;
  for (int i = 0; i < 3; i++) n += waitpid(-lead, &st, WCONTINUED) > 0 && WIFCONTINUED(st);
  say("continued %d", n);
  kill(-lead, SIGUSR1);
  for (int i = 0; i < 3; i++) {
    waitpid(-lead, &st, 0);
    say("%s", how(st));
  }
  errno = 0;
  int left = waitpid(-lead, &st, 0);
  say("none left %d %s", left, strerrorname_np(errno));
  pid_t p = fork();
  if (!p) {
    int led = setsid() == getpid();
    say("setsid %d, session %d, group %d", led, getsid(0) == getpid(), getpgrp() == getpid());
    show_ok(setsid());
    signal(SIGTERM, SIG_IGN);
    pid_t q = fork();
    if (!q) {
      signal(SIGTERM, SIG_DFL);
      kill(0, SIGTERM);
      _exit(9);
    }
    say("child of the session: %s", how(reap(q)));
    _exit(0);
  }
  say("%s", how(reap(p)));
  show_ok(kill(-999999, SIGTERM));
  show_ok(kill(999999999, SIGTERM));
  return 0;
}
