/* fork, vfork, posix_spawn, clone flags, wait variants, exit codes, orphans, copy on write. */
#include <sched.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "say.h"
extern char** environ;
static int value = 1;
static char stack[65536];
static int st;
static int body(void* arg) {
  value = (long)arg;
  return 33;
}
int main(void) {
  long bad = 0;
  for (int i = 0; i < 200; i++) {
    pid_t p = fork();
    if (!p) _exit(i);
    bad += reap(p) != (i & 255) << 8;
  }
  say("200 children, wrong %ld", bad);
  for (int i = 200; i < 256; i += 11) {
    pid_t p = fork();
    if (!p) exit(i);
    say("%s", how(reap(p)));
  }
  pid_t kids[20];
  for (int i = 0; i < 20; i++)
    if (!(kids[i] = fork())) {
      value += i;
      _exit(value);
    }
  int sum = 0;
  for (int i = 0; i < 20; i++) sum += WEXITSTATUS(reap(kids[i]));
  say("20 at once %d, own value %d", sum, value);
  pid_t p = vfork();
  if (!p) {
    value = 2;
    _exit(7);
  }
  st = reap(p);
  say("vfork %s, value %d", how(st), value);
  p = vfork();
  if (!p) {
    execl("/bin/echo", "echo", "from vfork", (char*)0);
    _exit(127);
  }
  say("vfork and exec %s", how(reap(p)));
  p = vfork();
  if (!p) {
    execl("/nonexistent", "x", (char*)0);
    value = errno;
    _exit(127);
  }
  st = reap(p);
  say("vfork and failed exec %s, errno %s", how(st), strerrorname_np(value));
  char* args[] = {"sh", "-c", "echo spawned; exit 9", 0};
  int r = posix_spawn(&p, "/bin/sh", 0, 0, args, environ);
  say("spawn %d %s", r, how(reap(p)));
  r = posix_spawn(&p, "/nonexistent", 0, 0, args, environ);
  say("spawn of nothing: %s", strerrorname_np(r));
  r = posix_spawn(&p, "/etc/passwd", 0, 0, args, environ);
  say("spawn of a text: %s", strerrorname_np(r));
  posix_spawn_file_actions_t fa;
  posix_spawn_file_actions_init(&fa);
  posix_spawn_file_actions_addopen(&fa, 1, "spawned", O_WRONLY | O_CREAT, 0600);
  posix_spawnattr_t sa;
  posix_spawnattr_init(&sa);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigdefault(&sa, &all);
  posix_spawnattr_setflags(&sa, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  signal(SIGTERM, SIG_IGN);
  char* kills[] = {"sh", "-c", "echo to a file; kill -TERM $$; echo alive", 0};
  r = posix_spawn(&p, "/bin/sh", &fa, &sa, kills, environ);
  say("spawn with actions: %d %s", r, how(reap(p)));
  r = posix_spawnp(&p, "sh", 0, 0, kills, environ);
  say("spawn that inherits SIG_IGN: %d %s", r, how(reap(p)));
  signal(SIGTERM, SIG_DFL);
  fflush(stdout);
  value = 3;
  p = clone(body, stack + sizeof stack, SIGCHLD, (void*)55l);
  st = reap(p);
  say("clone by copy: %s, value %d", how(st), value);
  p = clone(body, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, (void*)66l);
  say("clone as vfork: value %d", value);
  say("%s", how(reap(p)));
  p = clone(body, stack + sizeof stack, CLONE_FILES | CLONE_FS, (void*)77l);
  show(waitpid(p, &st, __WCLONE) == p);
  say("%s", how(st));
  int ptid = 0, pidfd = -1;
  p = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_PIDFD * 0 | SIGCHLD, 0, &ptid, 0, 0);
  if (!p) _exit(1);
  say("parent_settid %d", ptid == p);
  reap(p);
  struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, size, tls;
  } ca = {.flags = 0x1000 /* CLONE_PIDFD */, .pidfd = (long)&pidfd, .exit_signal = SIGCHLD};
  p = syscall(SYS_clone3, &ca, sizeof ca);
  if (!p) _exit(12);
  siginfo_t si = {0};
  if (p > 0) {
    show_ok(waitid(P_PIDFD, pidfd, &si, WEXITED | WNOWAIT));
    say("clone3: code %d status %d right %d", si.si_code, si.si_status, si.si_pid == p);
    reap(p);
  }
  p = fork();
  if (!p)
    for (;;) pause();
  show_ok(waitpid(p, &st, WNOHANG));
  si.si_pid = 5;
  show(waitid(P_PID, p, &si, WEXITED | WNOHANG));
  say("nothing yet %d", si.si_pid);
  kill(p, SIGKILL);
  struct rusage ru;
  show(wait4(p, &st, 0, &ru) == p);
  show_ok(waitpid(p, &st, 0));
  show_ok(wait(&st));
  show_ok(waitpid(1, &st, 0));
  show_ok(waitid(P_ALL, 0, &si, 0));
  int pipes[2];
  pipe(pipes);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  p = fork();
  if (!p) {
    pid_t parent = getpid();
    if (!fork()) {
      while (getppid() == parent) nap(1);
      write(pipes[1], "orphan", 6);
      _exit(61);
    }
    _exit(0);
  }
  say("%s", how(reap(p)));
  char text[10] = "";
  read(pipes[0], text, 6);
  wait(&st);
  say("%s adopted, %s", text, how(st));
  p = fork();
  if (!p) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    raise(SIGSTOP);
    _exit(0);
  }
  waitpid(p, &st, WUNTRACED);
  say("%s", how(st));
  kill(p, SIGCONT);
  say("%s", how(reap(p)));
  return 0;
}
