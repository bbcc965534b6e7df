/* Handlers, siginfo of kill/tgkill/sigqueue, nesting, masks, SA_NODEFER, SA_RESETHAND. */
#include "say.h"
static volatile int depth, most, got, nested;
static void info(int sig, siginfo_t* si, void* uc) {
  got++;
  say("SIG%s code %d own pid %d value %d", sigabbrev_np(sig), si->si_code, si->si_pid == getpid(),
      si->si_code == SI_QUEUE ? si->si_value.sival_int : 0);
}
static void nest(int sig, siginfo_t* si, void* uc) {
  depth++;
  if (depth > most) most = depth;
  say("enter SIG%s depth %d", sigabbrev_np(sig), depth);
  if (nested++ < 3) raise(sig == SIGUSR1 ? SIGUSR2 : SIGUSR1);
  say("leave SIG%s depth %d", sigabbrev_np(sig), depth);
  depth--;
}
static void again(int sig, siginfo_t* si, void* uc) {
  depth++;
  say("nodefer depth %d", depth);
  if (depth < 4) raise(sig);
  depth--;
}
static void mask_shown(int sig, siginfo_t* si, void* uc) {
  sigset_t now;
  sigprocmask(SIG_BLOCK, 0, &now);
  ucontext_t* u = uc;
  say("in handler: own %d usr2 %d hup %d; interrupted: own %d hup %d", sigismember(&now, sig),
      sigismember(&now, SIGUSR2), sigismember(&now, SIGHUP), sigismember(&u->uc_sigmask, sig),
      sigismember(&u->uc_sigmask, SIGHUP));
  sigaddset(&u->uc_sigmask, SIGWINCH); /* what the handler leaves here is the mask afterwards */
}
int main(void) {
  on(SIGUSR1, info, 0);
  on(SIGRTMIN + 3, info, 0);
  raise(SIGUSR1);
  kill(getpid(), SIGUSR1);
  sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 42});
  for (int i = 0; i < 3; i++) sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = i});

  sigset_t set, old, pending;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN + 3);
  sigprocmask(SIG_BLOCK, &set, &old);
  got = 0;
  raise(SIGUSR1);
  raise(SIGUSR1);
  for (int i = 10; i < 13; i++) sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = i});
  sigpending(&pending);
  say("blocked: got %d pending %d %d", got, sigismember(&pending, SIGUSR1),
      sigismember(&pending, SIGRTMIN + 3));
  sigprocmask(SIG_SETMASK, &old, 0);
  say("unblocked: got %d", got);

  on(SIGUSR1, nest, 0);
  on(SIGUSR2, nest, 0);
  raise(SIGUSR1);
  say("deepest %d", most);
  depth = 0;
  on(SIGUSR1, again, SA_NODEFER);
  raise(SIGUSR1);
  on(SIGUSR1, info, SA_RESETHAND);
  raise(SIGUSR1);
  struct sigaction sa;
  sigaction(SIGUSR1, 0, &sa);
  say("reset to default %d", sa.sa_handler == SIG_DFL);

  struct sigaction ms = {.sa_sigaction = mask_shown, .sa_flags = SA_SIGINFO};
  sigaddset(&ms.sa_mask, SIGUSR2);
  sigaction(SIGUSR1, &ms, 0);
  raise(SIGUSR1);
  sigset_t now;
  sigprocmask(SIG_BLOCK, 0, &now);
  say("after: usr1 %d usr2 %d winch %d", sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2),
      sigismember(&now, SIGWINCH));
  sigaction(SIGUSR1, 0, &sa);
  say("read back: same handler %d flags %x usr2 in mask %d", sa.sa_sigaction == mask_shown,
      sa.sa_flags & ~0x04000000, sigismember(&sa.sa_mask, SIGUSR2));
  signal(SIGUSR2, SIG_IGN);
  raise(SIGUSR2);
  say("ignored");
  show_ok(sigaction(SIGKILL, &ms, 0));
  show_ok(sigaction(65, &ms, 0));
  show_ok(kill(getpid(), 0));
  show_ok(kill(getpid(), 65));
  return 0;
}
