/* Large sparse mappings, many small ones, a deep stack, big heap allocations, fork over all of it.
 */
#include <sys/resource.h>

#include "say.h"
static int sum(int n) {
  volatile char frame[900];
  frame[n % 900] = 1;
  return n ? sum(n - 1) + frame[n % 900] : 0;
}
int main(void) {
  struct rlimit lim;
  getrlimit(RLIMIT_STACK, &lim);
  say("stack limit %ld", (long)lim.rlim_cur);
  say("deep stack %d", sum(7000));
  size_t tera = 1ul << 40;
  char* p =
      mmap(0, tera, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  say("a terabyte %d", p != MAP_FAILED);
  long n = 0;
  for (size_t at = 0; at < tera; at += tera / 64) p[at] = 1;
  for (size_t at = 0; at < tera; at += tera / 64) n += p[at];
  say("touched %ld", n);
  pid_t c = fork();
  if (!c) {
    long m = 0;
    for (size_t at = 0; at < tera; at += tera / 64) m += p[at]++;
    say("child saw %ld", m);
    _exit(0);
  }
  reap(c);
  n = 0;
  for (size_t at = 0; at < tera; at += tera / 64) n += p[at];
  say("parent still %ld", n);
  munmap(p, tera);
  char* many[2000];
  for (int i = 0; i < 2000; i++) {
    many[i] = mmap(0, 4096, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);
    if (!(i % 2)) many[i][5] = i % 100;
  }
  n = 0;
  for (int i = 0; i < 2000; i++) n += many[i][5];
  say("many %ld", n);
  for (int i = 0; i < 2000; i++) munmap(many[i], 4096);
  char* h[200];
  for (int i = 0; i < 200; i++) {
    h[i] = malloc(1 << (i % 21));
    memset(h[i], i, 1 << (i % 21));
  }
  n = 0;
  for (int i = 0; i < 200; i++) n += (unsigned char)h[i][(1 << (i % 21)) - 1], free(h[i]);
  say("heap %ld", n);
  char* huge = mmap(0, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  madvise(huge, 64 << 20, MADV_HUGEPAGE);
  memset(huge, 3, 64 << 20);
  n = 0;
  for (int i = 0; i < 64 << 20; i += 4096) n += huge[i];
  say("64 MiB %ld", n);
  char* grows =
      mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
  say("growsdown %d", grows != MAP_FAILED);
  lim.rlim_cur = 300 << 20;
  setrlimit(RLIMIT_AS, &lim);
  show_ok(mmap(0, 1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  return 0;
}
