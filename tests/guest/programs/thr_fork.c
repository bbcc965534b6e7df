/* fork(2) while other threads start threads, set signal handlers, map memory and start programs that do
 * not exist: the children find no lock held, and no two threads run on one stack. */
#include <pthread.h>
#include <spawn.h>

#include "say.h"

extern char** environ;
static volatile int stop;
static long wrong;

static void nothing(int sig) {}
static void* touch(void* arg) {
  char deep[2000];
  memset(deep, (int)(intptr_t)arg, sizeof deep);
  for (int i = 0; i < 20; i++) getppid();
  for (size_t i = 0; i < sizeof deep; i++)
    if (deep[i] != (char)(intptr_t)arg) __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
  return arg;
}
static void start_thread(long i) {
  pthread_t t;
  void* result = 0;
  if (pthread_create(&t, 0, touch, (void*)i) || pthread_join(t, &result) || result != (void*)i)
    __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}
static void* threads(void* arg) {
  for (long i = 1; !stop; i++) start_thread(i % 100);
  return 0;
}
static void* handlers(void* arg) {
  while (!stop) signal(SIGUSR1, nothing), signal(SIGUSR1, SIG_DFL);
  return 0;
}
static void* spawns(void* arg) {
  char* argv[] = {"none", 0};
  while (!stop) {
    pid_t p;
    if (posix_spawn(&p, "/no/such/program", 0, 0, argv, environ) != ENOENT)
      __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
  }
  return 0;
}
static void* maps(void* arg) {
  while (!stop) munmap(mmap(0, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1 << 20);
  return 0;
}

int main(void) {
  void* (*work[])(void*) = {threads, threads, handlers, spawns, spawns, maps};
  enum { N = sizeof work / sizeof *work };
  pthread_t t[N];
  for (int i = 0; i < N; i++) pthread_create(&t[i], 0, work[i], 0);
  long bad = 0;
  for (int i = 0; i < 60; i++) {
    pid_t p = fork();
    if (!p) {
      alarm(20);
      stop = 1;
      signal(SIGUSR1, nothing);
      start_thread(7);
      munmap(mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
      _exit(wrong ? 4 : 3);
    }
    bad += reap(p) != 3 << 8;
  }
  stop = 1;
  for (int i = 0; i < N; i++) pthread_join(t[i], 0);
  say("children gone wrong: %ld, threads and programs gone wrong: %ld", bad, wrong);
  return 0;
}
