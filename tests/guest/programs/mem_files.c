/* File mappings, private and shared, between forked processes, truncated, code in memory, memfd,
 * shm. */
#include <sched.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "say.h"
int main(void) {
  int fd = open("f", O_RDWR | O_CREAT, 0600);
  char buf[10000];
  for (int i = 0; i < 10000; i++) buf[i] = 'a' + i % 26;
  write(fd, buf, sizeof buf);
  char* priv = mmap(0, 10000, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  char* shared = mmap(0, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char* tail = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 8192);
  say("same %d %d %d", !memcmp(priv, buf, 10000), !memcmp(shared, buf, 10000),
      !memcmp(tail, buf + 8192, 1808));
  say("zero after the end %d", tail[4095]);
  priv[0] = 'P';
  shared[1] = 'S';
  pread(fd, buf, 2, 0);
  say("file %.2s private %.2s shared %.2s", buf, priv, shared);
  pwrite(fd, "xyz", 3, 5000);
  say("through the file: %.3s %.3s", shared + 5000, priv + 5000);
  pid_t p = fork();
  if (!p) {
    priv[0] = 'C';
    shared[0] = 'c';
    _exit(0);
  }
  reap(p);
  say("after the child: private %c shared %c", priv[0], shared[0]);
  volatile int* word = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  p = fork();
  if (!p) {
    for (int i = 0; i < 1000; i++) __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) < 2000) sched_yield();
    _exit(1);
  }
  for (int i = 0; i < 1000; i++) __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
  say("%s", how(reap(p)));
  say("shared count %d", *word);

  int m = memfd_create("code", MFD_CLOEXEC);
  static const unsigned char code[] = {0x8d, 0x47, 0x01, 0xc3}; /* lea 1(%rdi),%eax; ret */
  write(m, code, sizeof code);
  int (*inc)(int) = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, m, 0);
  say("code in a memfd: %d", inc(41));
  static const unsigned char code2[] = {0x8d, 0x47, 0x02, 0xc3};
  pwrite(m, code2, sizeof code2, 0);
  say("rewritten through the file: %d", inc(41));
  unsigned char* jit = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 20; i++) {
    memcpy(jit, code, 4);
    jit[2] = i;
    mprotect(jit, 4096, PROT_READ | PROT_EXEC);
    if (((int (*)(int))jit)(100) != 100 + i) say("stale code");
    mprotect(jit, 4096, PROT_READ | PROT_WRITE);
  }
  say("twenty generations of code");
  int id = shmget(IPC_PRIVATE, 100000, IPC_CREAT | 0600);
  char *s = shmat(id, 0, 0), *s2 = shmat(id, 0, SHM_RDONLY);
  strcpy(s + 50000, "both views");
  say("shm: %s", s2 + 50000);
  p = fork();
  if (!p) {
    strcpy(s + 50000, "from the child");
    _exit(0);
  }
  reap(p);
  say("shm: %s", s2 + 50000);
  show_ok(shmdt(s));
  show_ok(shmdt(s));
  show_ok(shmctl(id, IPC_RMID, 0));
  show_ok(mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, open("f", O_RDONLY), 0));
  show_ok(mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 123));
  show_ok(mmap(0, 4096, PROT_READ, MAP_SHARED, 1000, 0));
  ftruncate(fd, 0);
  say("a call on a truncated page: %s",
      ok(write(open("/dev/null", O_WRONLY), shared, 10) == -1 ? -1 : 0));
  int pipes[2];
  pipe(pipes);
  say("a pipe write from a truncated page: %s", ok(write(pipes[1], shared, 10)));
  return 0;
}
