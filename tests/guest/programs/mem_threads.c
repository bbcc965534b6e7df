/* Threads that map, touch, protect and unmap at once; a write barrier by mprotect and SIGSEGV; one thread
 * that faults memory in while another changes it. */
#include <pthread.h>

#include "say.h"
static void* churn(void* arg) {
  long bad = 0, seed = (long)arg;
  for (int i = 0; i < 300; i++) {
    size_t size = 4096 << ((seed + i) % 8);
    char* p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return (void*)-1l;
    for (size_t at = 0; at < size; at += 4096) bad += p[at] != 0, p[at] = seed;
    for (size_t at = 0; at < size; at += 4096) bad += p[at] != (char)seed;
    mprotect(p, 4096, PROT_READ);
    bad += p[0] != (char)seed;
    munmap(p, size);
  }
  return (void*)bad;
}
enum { kPages = 64 };
static char* guarded;
static volatile int dirty[kPages], faults;
static void barrier(int sig, siginfo_t* si, void* uc) {
  long page = ((char*)si->si_addr - guarded) / 4096;
  if (page < 0 || page >= kPages) _exit(97);
  __atomic_fetch_add(&faults, 1, __ATOMIC_SEQ_CST);
  dirty[page] = 1;
  mprotect(guarded + page * 4096, 4096, PROT_READ | PROT_WRITE);
}
static void* writes(void* arg) {
  for (int i = 0; i < kPages; i++)
    for (int k = 0; k < 20; k++)
      __atomic_fetch_add((int*)(guarded + i * 4096) + (long)arg, 1, __ATOMIC_SEQ_CST);
  return 0;
}
static void* far_apart(void* arg) {
  long bad = 0;
  for (long i = 0; i < 20; i++) { /* a window each, touched by all threads at the same time */
    char* p = (char*)0x300000000000 + (i << 27);
    __atomic_fetch_add((int*)p, 1, __ATOMIC_SEQ_CST);
  }
  return (void*)bad;
}
int main(void) {
  pthread_t t[8];
  long bad = 0;
  for (long i = 0; i < 8; i++) pthread_create(&t[i], 0, churn, (void*)(i + 1));
  for (int i = 0; i < 8; i++) {
    void* r;
    pthread_join(t[i], &r);
    bad += (long)r;
  }
  say("churn gone wrong %ld", bad);
  guarded = mmap(0, kPages * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  on(SIGSEGV, barrier, SA_NODEFER);
  for (int round = 0; round < 3; round++) {
    for (long i = 0; i < 4; i++) pthread_create(&t[i], 0, writes, (void*)i);
    for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
    mprotect(guarded, kPages * 4096, PROT_READ);
  }
  int all = 1;
  for (int i = 0; i < kPages; i++)
    for (int k = 0; k < 4; k++) all &= dirty[i] && ((int*)(guarded + i * 4096))[k] == 60;
  say("barrier: all counted %d, faults enough %d", all, faults >= 3 * kPages);
  mmap((void*)0x300000000000, 20l << 27, PROT_READ | PROT_WRITE,
       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  for (int i = 0; i < 8; i++) pthread_create(&t[i], 0, far_apart, 0);
  for (int i = 0; i < 8; i++) pthread_join(t[i], 0);
  long sum = 0;
  for (long i = 0; i < 20; i++) sum += *(int*)((char*)0x300000000000 + (i << 27));
  say("far apart %ld", sum);
  return 0;
}
