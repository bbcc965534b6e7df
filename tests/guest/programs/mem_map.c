/* mmap, munmap, mprotect, mremap, brk, hints, MAP_FIXED_NOREPLACE, and the errors. */
#include <setjmp.h>

#include "say.h"
static sigjmp_buf back;
static void fault(int sig, siginfo_t* si, void* uc) {
  siglongjmp(back, sig);
}
static const char* touch(volatile char* p, int write) {
  int sig = sigsetjmp(back, 1);
  if (sig) return sig == SIGSEGV ? "SIGSEGV" : "SIGBUS";
  if (write)
    *p = 1;
  else
    (void)*p;
  return "fine";
}
#define M(...)                    \
  ({                              \
    void* m_ = mmap(__VA_ARGS__); \
    m_;                           \
  })
#define RW PROT_READ | PROT_WRITE
#define ANON MAP_PRIVATE | MAP_ANONYMOUS
int main(void) {
  on(SIGSEGV, fault, 0);
  on(SIGBUS, fault, 0);
  char* p = M(0, 5 * 4096, RW, ANON, -1, 0);
  say("zeroed %d, aligned %d", p[4096] == 0, ((long)p & 4095) == 0);
  memset(p, 'a', 5 * 4096);
  show_ok(munmap(p + 4096, 4096));
  say("%s %s %s", touch(p, 0), touch(p + 4096, 0), touch(p + 8192, 1));
  show_ok(mprotect(p + 8192, 4096, PROT_NONE));
  show_ok(mprotect(p + 12288, 4096, PROT_READ));
  say("%s %s %s %s", touch(p + 8192, 0), touch(p + 12288, 0), touch(p + 12288, 1),
      touch(p + 16384, 1));
  show_ok(mprotect(p, 5 * 4096, RW));
  show_ok(munmap(p, 5 * 4096));
  say("%s", touch(p, 0));
  show_ok(munmap(p, 4096));
  show_ok(munmap(p + 1, 4096));
  show_ok(M(0, 0, RW, ANON, -1, 0));
  show_ok(M(0, 4096, RW, MAP_PRIVATE, -1, 0));
  show_ok(M(0, -4096ul, RW, ANON, -1, 0));
  show_ok(M((void*)0x7ffffffff000, 1 << 20, RW, ANON | MAP_FIXED, -1, 0));
  show_ok(M((void*)0xffff800000000000, 4096, RW, ANON | MAP_FIXED, -1, 0));
  show_ok(M((void*)123, 4096, RW, ANON | MAP_FIXED, -1, 0));
  char* hint = (char*)0x200000000000;
  say("hint %d", M(hint, 8192, RW, ANON, -1, 0) == (void*)hint);
  say("hint taken %d", M(hint, 8192, RW, ANON, -1, 0) != (void*)hint);
  show_ok(M(hint + 4096, 4096, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0));
  hint[0] = 1;
  say("fixed %d", M(hint, 4096, RW, ANON | MAP_FIXED, -1, 0) == (void*)hint);
  say("fresh %d", hint[0]);
  say("low fixed %d", M((void*)0x10000000, 4096, RW, ANON | MAP_FIXED, -1, 0) == (void*)0x10000000);
  *(int*)0x10000000 = 5;
  p = M(0, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  say("32bit %d", (unsigned long)p < 1ul << 31);
  p = M(0, 3 * 4096, RW, ANON, -1, 0);
  strcpy(p, "first");
  strcpy(p + 8192, "third");
  char* q = mremap(p, 3 * 4096, 3000 * 4096, MREMAP_MAYMOVE);
  say("grown: %s %s", q, q + 8192);
  q[2999 * 4096] = 1;
  q = mremap(q, 3000 * 4096, 4096, 0);
  say("shrunk: %s %s", q, touch(q + 8192, 0));
  char* r = M(0, 16 * 4096, PROT_NONE, ANON, -1, 0);
  r = mremap(q, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, r + 4096);
  say("moved: %s, old %s", r, touch(q, 0));
  char* d = mremap(r, 4096, 4096, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
  say("dontunmap: %s, old is zero %d", d, r[0] == 0);
  show_ok(mremap(q, 4096, 8192, 0));
  show_ok(mremap(r, 0, 4096, MREMAP_MAYMOVE));
  char* b = sbrk(0);
  show_ok(sbrk(100000));
  b[99999] = 7;
  say("brk moved %d", (char*)sbrk(0) == b + 100000);
  sbrk(-100000);
  say("brk back %d", (char*)sbrk(0) == b);
  sbrk(8192 * 4);
  b = (char*)(((long)b + 4095) & ~4095l);
  say("fresh after shrinking %d", b[4096]);
  show_ok(sbrk(1l << 46));
  show_ok(mlock(d, 4096));
  show_ok(munlock(d, 4096));
  unsigned char vec[2];
  show_ok(mincore(d, 4096, vec));
  show_ok(mincore(p + (1l << 36), 4096, vec));
  show_ok(madvise(d, 4096, MADV_DONTNEED));
  say("dontneed %d", d[0]);
  show_ok(madvise(d, 4096, 12345));
  show_ok(msync(d, 4096, MS_SYNC));
  say("a pointer to nowhere in a call: %s", ok(write(1, (void*)0x123456789000, 10)));
  say("a pointer to nowhere in a call: %s", ok(open((void*)8, O_RDONLY)));
  struct stat st;
  say("a read-only result: %s", ok(syscall(SYS_stat, "/", (void*)main)));
  (void)st;
  return 0;
}
