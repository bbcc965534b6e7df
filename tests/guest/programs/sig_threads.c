/* Signals and threads: pthread_kill, per-thread masks, process signals to an open thread,
 * pthread_cancel. */
#include <pthread.h>
#include <semaphore.h>

#include "say.h"
static __thread int mine;
static volatile int wrong;
static sem_t ready, handled;
static void count(int sig, siginfo_t* si, void* uc) {
  mine++;
  sem_post(&handled);
}
static void* waiter(void* arg) {
  sem_post(&ready);
  while (!mine) pause();
  return (void*)(long)mine;
}
static void* spinner(void* arg) {
  sem_post(&ready);
  while (!*(volatile int*)&mine) continue;
  return (void*)(long)mine;
}
static void* blocked(void* arg) {
  sigset_t s;
  sigfillset(&s);
  pthread_sigmask(SIG_SETMASK, &s, 0);
  sem_post(&ready);
  sem_wait((sem_t*)arg);
  if (mine) wrong = 1;
  return 0;
}
static void* forever(void* arg) {
  sem_post(&ready);
  char c;
  read(*(int*)arg, &c, 1);
  return 0;
}
static void* busy(void* arg) {
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, 0);
  sem_post(&ready);
  for (volatile long n = 0; arg || !n || n; n++) continue;
  return 0;
}
static void* sigwaiter(void* arg) {
  sigset_t s;
  sigemptyset(&s);
  sigaddset(&s, SIGUSR2);
  sem_post(&ready);
  int sig = 0;
  sigwait(&s, &sig);
  return (void*)(long)(sig == SIGUSR2);
}
int main(void) {
  sem_init(&ready, 0, 0);
  sem_init(&handled, 0, 0);
  on(SIGUSR1, count, 0);
  pthread_t t;
  void* r;
  pthread_create(&t, 0, spinner, 0);
  sem_wait(&ready);
  pthread_kill(t, SIGUSR1);
  pthread_join(t, &r);
  say("computing thread handled %ld, main %d", (long)r, mine);
  for (int i = 0; i < 20; i++) {
    pthread_create(&t, 0, waiter, 0);
    sem_wait(&ready);
    pthread_kill(t, SIGUSR1);
    sem_wait(&handled);
    while (pthread_tryjoin_np(t, &r)) {
      pthread_kill(t, SIGUSR1);
      sched_yield();
    }
  }
  say("twenty waiting threads, main %d", mine);
  while (!sem_trywait(&handled)) continue;

  sem_t leave;
  sem_init(&leave, 0, 0);
  pthread_t ts[4];
  for (int i = 0; i < 4; i++) {
    pthread_create(&ts[i], 0, blocked, &leave);
    sem_wait(&ready);
  }
  for (int i = 0; i < 10; i++) {
    kill(getpid(), SIGUSR1);
    sem_wait(&handled);
  }
  for (int i = 0; i < 4; i++) sem_post(&leave);
  for (int i = 0; i < 4; i++) pthread_join(ts[i], 0);
  say("main handled %d, others wrongly %d", mine, wrong);

  int pipes[2];
  pipe(pipes);
  pthread_create(&t, 0, forever, &pipes[0]);
  sem_wait(&ready);
  pthread_cancel(t);
  pthread_join(t, &r);
  say("cancelled in read %d", r == PTHREAD_CANCELED);
  pthread_create(&t, 0, busy, 0);
  sem_wait(&ready);
  pthread_cancel(t);
  pthread_join(t, &r);
  say("cancelled while computing %d", r == PTHREAD_CANCELED);
  sigset_t s;
  sigemptyset(&s);
  sigaddset(&s, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &s, 0);
  pthread_create(&t, 0, sigwaiter, 0);
  sem_wait(&ready);
  kill(getpid(), SIGUSR2);
  pthread_join(t, &r);
  say("sigwait in a thread %ld", (long)r);
  union sigval v = {.sival_int = 5};
  pthread_sigqueue(pthread_self(), SIGUSR1, v);
  sem_wait(&handled);
  say("queued to self %d", mine);
  return 0;
}
