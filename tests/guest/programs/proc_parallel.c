/* Forty processes at once, each with children, pipes, timers and signals of its own; then waves of
 * short ones from several threads. */
#include <pthread.h>
#include <sys/time.h>

#include "say.h"
static volatile int ticks;
static void tick(int sig, siginfo_t* si, void* uc) {
  ticks++;
}
static int worker(int id) {
  on(SIGALRM, tick, SA_RESTART);
  struct itimerval it = {{0, 2000}, {0, 2000}};
  setitimer(ITIMER_REAL, &it, 0);
  int p[2], sum = 0;
  pipe(p);
  for (int i = 0; i < 4; i++) {
    pid_t c = fork();
    if (!c) {
      struct itimerval off = {{0, 0}, {0, 0}};
      setitimer(ITIMER_REAL, &off, 0);
      for (int k = 0; k < 50; k++) write(p[1], "x", 1);
      _exit(id);
    }
    char b;
    for (int k = 0; k < 50; k++)
      if (read(p[0], &b, 1) != 1) return 250;
    sum += WEXITSTATUS(reap(c)) == id;
  }
  while (ticks < 5) pause();
  return sum == 4 ? id : 251;
}
static void* forks(void* arg) {
  long bad = 0;
  for (int i = 0; i < 15; i++) {
    pid_t c = fork();
    if (!c) {
      void* m = malloc(1 << 16); /* the heap's locks are sound in the child */
      memset(m, 1, 1 << 16);
      free(m);
      _exit(i);
    }
    bad += WEXITSTATUS(reap(c)) != i;
  }
  return (void*)bad;
}
static volatile int stop;
static void* allocates(void* arg) {
  while (!stop) {
    void* m[50];
    for (int i = 0; i < 50; i++) m[i] = malloc(100 << (i % 12));
    for (int i = 0; i < 50; i++) free(m[i]);
  }
  return 0;
}
int main(void) {
  pid_t kids[40];
  int good = 0;
  for (int i = 0; i < 40; i++)
    if (!(kids[i] = fork())) _exit(worker(i));
  for (int i = 0; i < 40; i++) good += WEXITSTATUS(reap(kids[i])) == i;
  say("good %d", good);
  pthread_t t[4], a[2];
  for (int i = 0; i < 2; i++) pthread_create(&a[i], 0, allocates, 0);
  for (int i = 0; i < 4; i++) pthread_create(&t[i], 0, forks, 0);
  long bad = 0;
  for (int i = 0; i < 4; i++) {
    void* r;
    pthread_join(t[i], &r);
    bad += (long)r;
  }
  stop = 1;
  for (int i = 0; i < 2; i++) pthread_join(a[i], 0);
  say("forks from threads gone wrong %ld", bad);
  return 0;
}
