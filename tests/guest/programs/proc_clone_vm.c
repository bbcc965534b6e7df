/* clone(2) that shares memory but is another process: with its own descriptors or shared ones, and the
 * raw system calls that C libraries hide. */
#include <sched.h>

#include "say.h"
static volatile int value, opened;
static char stack[65536] __attribute__((aligned(16)));
static int sets(void* arg) {
  value = (long)arg;
  return 33;
}
static int opens(void* arg) {
  opened = open("/dev/null", O_RDONLY);
  return opened >= 0 ? 34 : 35;
}
static int talks(void* arg) {
  for (int i = 0; i < 1000; i++) {
    while (__atomic_load_n(&value, __ATOMIC_SEQ_CST) != 2 * i) sched_yield();
    __atomic_store_n(&value, 2 * i + 1, __ATOMIC_SEQ_CST);
  }
  return 36;
}
int main(void) {
  char* top = stack + sizeof stack;
  int st = reap(clone(sets, top, CLONE_VM | SIGCHLD, (void*)44l));
  say("%s, value %d", how(st), value);
  st = reap(clone(opens, top, CLONE_VM | CLONE_FILES | SIGCHLD, 0));
  say("shared descriptors: %s, open here too %s", how(st), ok(fcntl(opened, F_GETFD)));
  close(opened);
  st = reap(clone(opens, top, CLONE_VM | SIGCHLD, 0));
  say("own descriptors: %s, open here too %s", how(st), ok(fcntl(opened, F_GETFD)));
  st = reap(clone(opens, top, CLONE_FILES | SIGCHLD, 0));
  say("copied memory, shared descriptors: %s, lowest now %d", how(st), dup(1));
  value = -1;
  pid_t p = clone(talks, top, CLONE_VM | SIGCHLD, 0);
  for (int i = 0; i < 1000; i++) {
    __atomic_store_n(&value, 2 * i, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&value, __ATOMIC_SEQ_CST) != 2 * i + 1) sched_yield();
  }
  say("a thousand exchanges: %s", how(reap(p)));
  int parent_tid = 0, child_tid = 7;
  p = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, &parent_tid,
              &child_tid, 0);
  if (!p) {
    say("child knows itself %d %d", child_tid == getpid(), child_tid == (int)syscall(SYS_gettid));
    _exit(0);
  }
  reap(p);
  say("parent knows %d, own copy %d", parent_tid == p, child_tid);
  show_ok(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0));
  show_ok(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0));
  show_ok(syscall(SYS_clone3, 0, 0));
  show_ok(syscall(SYS_clone3, 8, 88));
  return 0;
}
