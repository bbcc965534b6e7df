/* RLIMIT_AS and RLIMIT_DATA: what the process asked for is what it reads back, in itself, in children,
 * after exec and in /proc; mapping beyond them fails with ENOMEM, and the program goes on. */
#include <pthread.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/shm.h>

#include "say.h"
#define MB (1ul << 20)
extern char** environ;
static void set(int what, rlim_t soft, rlim_t hard) {
  struct rlimit l = {soft, hard};
  show(setrlimit(what, &l));
}
static void get(const char* who) {
  struct rlimit as = {0}, data = {0};
  show(getrlimit(RLIMIT_AS, &as));
  show(prlimit(0, RLIMIT_DATA, 0, &data));
  say("%s: as %lx %lx data %lx %lx", who, as.rlim_cur, as.rlim_max, data.rlim_cur, data.rlim_max);
}
static void proc_limits(const char* path) {
  char text[8192];
  int fd = open(path, O_RDONLY);
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n > 0 ? n : 0] = 0;
  for (char* line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
    if (strstr(line, "Max address") == line || strstr(line, "Max data") == line)
      say("%.*s|", (int)strcspn(line, "\n"), line);
}
static void* map(unsigned long size, int prot, int flags) {
  return mmap(0, size, prot, flags | MAP_ANONYMOUS, -1, 0);
}
static long mapped(void* p) {
  return p == MAP_FAILED ? -1 : 0;
}
static void* nothing(void* p) {
  return p;
}
static int thread(unsigned long stack) {
  pthread_attr_t a;
  pthread_t t;
  pthread_attr_init(&a);
  pthread_attr_setstacksize(&a, stack);
  int err = pthread_create(&t, &a, nothing, 0);
  if (!err) pthread_join(t, 0);
  return err;
}
static void address_space(void) {
  const int rw = PROT_READ | PROT_WRITE, private = MAP_PRIVATE;
  show_ok(mapped(map(100 * MB, rw, private)));
  show_ok(mapped(map(100 * MB, PROT_NONE, private)));
  show_ok(mapped(map(100 * MB, rw, MAP_SHARED | MAP_NORESERVE)));
  char* p = map(8 * MB, rw, private);
  show_ok(mapped(p));
  memset(p, 1, 8 * MB);
  for (int i = 0; i < 50; i++)
    if (mmap(p, 8 * MB, rw, private | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != p)
      say("replacing failed");
  show_ok(mapped(mremap(p, 8 * MB, 90 * MB, MREMAP_MAYMOVE)));
  p = mremap(p, 8 * MB, 16 * MB, MREMAP_MAYMOVE);
  show_ok(mapped(p));
  show(munmap(p, 16 * MB));
  char* top = sbrk(0);
  show_ok((long)sbrk(100 * MB));
  show(sbrk(0) == top);
  show(malloc(100 * MB) == 0);
  int id = shmget(IPC_PRIVATE, 100 * MB, 0600);
  show_ok((long)shmat(id, 0, 0));
  shmctl(id, IPC_RMID, 0);
  /* Every byte counts, and comes back. */
  void* chunk[128];
  for (int round = 0; round < 3; round++) {
    int n = 0;
    while (n < 128 && (chunk[n] = map(MB, rw, private)) != MAP_FAILED) n++;
    say("filled: %d", n > 52 && n < 64);
    while (n) munmap(chunk[--n], MB);
  }
  say("thread %s", strerrorname_np(thread(100 * MB)));
  say("thread %d", thread(MB));
}
static void data(void) {
  const int rw = PROT_READ | PROT_WRITE;
  struct rlimit before, small = {8 * MB, RLIM_INFINITY};
  show(prlimit(0, RLIMIT_DATA, &small, &before));
  say("before %lx %lx", before.rlim_cur, before.rlim_max);
  get("data");
  show_ok(mapped(map(20 * MB, rw, MAP_PRIVATE)));
  show_ok(mapped(map(20 * MB, rw, MAP_SHARED)));
  char* p = map(20 * MB, PROT_READ, MAP_PRIVATE);
  show_ok(mapped(p));
  show_ok(mprotect(p, 20 * MB, rw));
  show(mprotect(p, MB, rw));
  show_ok((long)sbrk(20 * MB));
  show_ok((long)sbrk(MB));
  show_ok(mapped(mremap(p, MB, 21 * MB, MREMAP_MAYMOVE)));
  void* q = map(MB, rw, MAP_PRIVATE);
  show_ok(mapped(q));
  proc_limits("/proc/thread-self/limits");
}
int main(int argc, char** argv) {
  if (argc > 1) {
    get(argv[1]);
    show_ok(mapped(map(100 * MB, PROT_READ, MAP_PRIVATE)));
    return 0;
  }
  get("start");
  set(RLIMIT_AS, 64 * MB, 1024 * MB);
  get("set");
  show_ok(setrlimit(RLIMIT_AS, &(struct rlimit){2, 1}));
  show_ok(syscall(SYS_setrlimit, RLIMIT_AS, 0));
  show_ok(syscall(SYS_getrlimit, RLIMIT_AS, 1));
  show_ok(syscall(SYS_prlimit64, 0, RLIMIT_AS, 0, 0));
  show_ok(syscall(SYS_prlimit64, 1 << 22, RLIMIT_AS, 0, 0));
  proc_limits("/proc/self/limits");
  address_space();

  pid_t p = fork();
  if (!p) {
    get("child");
    show_ok(mapped(map(100 * MB, PROT_READ, MAP_PRIVATE)));
    set(RLIMIT_AS, 200 * MB, 1024 * MB);
    show_ok(mapped(map(100 * MB, PROT_READ, MAP_PRIVATE)));
    show_ok(setrlimit(RLIMIT_AS, &(struct rlimit){4096 * MB, 4096 * MB})); /* root may */
    get("raised");
    data();
    execl(argv[0], argv[0], "executed", (char*)0);
    _exit(1);
  }
  say("%s", how(reap(p)));
  get("parent");

  char* const words[] = {argv[0], "spawned", 0};
  int err = posix_spawn(&p, argv[0], 0, 0, words, environ);
  say("%d %s", err, how(reap(p)));
  p = vfork();
  if (!p) {
    struct rlimit l = {256 * MB, 256 * MB};
    setrlimit(RLIMIT_AS, &l);
    execl(argv[0], argv[0], "vforked", (char*)0);
    _exit(1);
  }
  say("%s", how(reap(p)));
  get("parent");

  /* Another process's limits. */
  int go[2];
  pipe(go);
  p = fork();
  if (!p) {
    char c;
    close(go[1]);
    read(go[0], &c, 1);
    get("told");
    show_ok(mapped(map(100 * MB, PROT_READ, MAP_PRIVATE)));
    _exit(0);
  }
  struct rlimit more = {300 * MB, 1024 * MB}, old;
  show(prlimit(p, RLIMIT_AS, &more, &old));
  say("old %lx %lx", old.rlim_cur, old.rlim_max);
  show(prlimit(p, RLIMIT_AS, 0, &old));
  say("new %lx %lx", old.rlim_cur, old.rlim_max);
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/limits", p);
  proc_limits(path);
  close(go[1]);
  say("%s", how(reap(p)));

  /* No room for a program at all. */
  for (unsigned long kb = 100; kb <= 1600; kb *= 4) {
    p = fork();
    if (!p) {
      struct rlimit l = {kb << 10, kb << 10};
      setrlimit(RLIMIT_AS, &l);
      close(2);
      execl("/bin/busybox", "busybox", "true", (char*)0);
      _exit(9);
    }
    int status = reap(p);
    say("%lu kB: %s", kb, how(status));
  }
  set(RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY);
  get("end");
  return 0;
}
