/* 64 threads at once, 500 in turn, thread-local storage, mutex, condition, barrier, rwlock,
 * semaphore. */
#include <pthread.h>
#include <semaphore.h>

#include "say.h"
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static __thread long mine = 100;
static long total, turns, tls_sum, sum_rw;
static void* body(void* arg) {
  long id = (long)arg;
  mine += id;
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < 1000; i++) {
    pthread_mutex_lock(&lock);
    total++;
    pthread_mutex_unlock(&lock);
  }
  pthread_mutex_lock(&lock);
  while (turns != id) pthread_cond_wait(&cond, &lock);
  turns++;
  tls_sum += mine;
  pthread_cond_broadcast(&cond);
  pthread_mutex_unlock(&lock);
  for (int i = 0; i < 100; i++) {
    if (i % 10 == 0) {
      pthread_rwlock_wrlock(&rw);
      sum_rw++;
    } else
      pthread_rwlock_rdlock(&rw);
    pthread_rwlock_unlock(&rw);
  }
  char* stack = alloca(100000);
  memset(stack, id, 100000);
  return (void*)(id * 2 + (stack[5] - id));
}
static void* tiny(void* arg) {
  return (void*)((long)arg + 1);
}
static void key_gone(void* v) {
  __atomic_fetch_add((long*)v, 1, __ATOMIC_SEQ_CST);
}
static void* posts(void* arg) {
  sem_post(arg);
  return 0;
}
static pthread_key_t key;
static long gone;
static void* keyed(void* arg) {
  pthread_setspecific(key, &gone);
  return 0;
}
static void* timed(void* arg) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += 20000000;
  if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
  pthread_mutex_lock(&lock);
  int r = pthread_cond_timedwait(&cond, &lock, &t);
  pthread_mutex_unlock(&lock);
  return (void*)(long)(r == ETIMEDOUT);
}
int main(void) {
  pthread_t t[64];
  pthread_barrier_init(&barrier, 0, 64);
  for (long i = 0; i < 64; i++)
    if (pthread_create(&t[i], 0, body, (void*)i)) say("create failed");
  long sum = 0;
  for (int i = 0; i < 64; i++) {
    void* r;
    pthread_join(t[i], &r);
    sum += (long)r;
  }
  say("total %ld turns %ld tls %ld rw %ld results %ld mine %ld", total, turns, tls_sum, sum_rw, sum,
      mine);
  sum = 0;
  for (long i = 0; i < 500; i++) {
    void* r;
    if (pthread_create(&t[0], 0, tiny, (void*)i)) say("create failed");
    pthread_join(t[0], &r);
    sum += (long)r;
  }
  say("in turn %ld", sum);
  pthread_key_create(&key, key_gone);
  for (int i = 0; i < 8; i++) pthread_create(&t[i], 0, keyed, 0);
  for (int i = 0; i < 8; i++) pthread_join(t[i], 0);
  say("destructors %ld", gone);
  void* r;
  pthread_create(&t[0], 0, timed, 0);
  pthread_join(t[0], &r);
  say("timed out %ld", (long)r);
  pthread_attr_t at;
  pthread_attr_init(&at);
  pthread_attr_setdetachstate(&at, PTHREAD_CREATE_DETACHED);
  sem_t s;
  sem_init(&s, 0, 0);
  for (int i = 0; i < 10; i++) pthread_create(&t[0], &at, posts, &s);
  for (int i = 0; i < 10; i++) sem_wait(&s);
  say("detached");
  return 0;
}
