/* x87, SSE and AVX registers, flags and fs/gs bases survive handlers, system calls and fork. */
#include <asm/prctl.h>
#include <cpuid.h>
#include <immintrin.h>
#include <sys/time.h>

#include "say.h"
static volatile int got;
__attribute__((target("avx"))) static void dirty(int sig, siginfo_t* si, void* uc) {
  __m256d z = _mm256_set1_pd(-1.5);
  asm volatile(
      "vmovapd %0,%%ymm0; vmovapd %0,%%ymm7; vmovapd %0,%%ymm15; fldz; fldpi; faddp; fstp "
      "%%st(0)" ::"x"(z)
      : "xmm0", "xmm7", "xmm15");
  got++;
}
/* Spins with known values in registers until a handler has run, then sees whether they are there.
 */
__attribute__((target("avx"), noinline)) static int spin(int calls) {
  double in[4] = {1.25, 2.5, 5, 10}, out0[4], out15[4];
  long double st = 0;
  unsigned long rb = 0, flags = 0;
  got = 0;
  asm volatile(
      "vmovupd %[in],%%ymm0\n vmovupd %[in],%%ymm15\n fldl %[in]\n mov $0x1234567,%%rbx\n mov "
      "$0x89abcde,%%r15\n"
      "1: test %[calls],%[calls]\n jz 2f\n mov $110,%%eax\n syscall\n"
      "2: cmpl $3,%[got]\n jl 1b\n"
      "vmovupd %%ymm0,%[o0]\n vmovupd %%ymm15,%[o15]\n fstpt %[st]\n mov %%rbx,%[rb]\n xor "
      "%%r15,%[rb]\n pushf\n pop %[fl]\n"
      : [o0] "=m"(out0), [o15] "=m"(out15), [st] "=m"(st), [rb] "=&r"(rb), [fl] "=&r"(flags)
      : [in] "m"(in), [got] "m"(got), [calls] "r"(calls)
      : "rax", "rbx", "rcx", "r11", "r15", "xmm0", "xmm15", "memory", "cc");
  return !memcmp(in, out0, 32) && !memcmp(in, out15, 32) && st == 1.25 &&
         rb == (0x1234567 ^ 0x89abcde) && !(flags & 0x400);
}
static void edit(int sig, siginfo_t* si, void* uc) {
  ucontext_t* u = uc;
  float v[4] = {4, 3, 2, 1};
  memcpy(&u->uc_mcontext.fpregs->_xmm[3], v, 16);
  say("xstate magic %x, sized %d", u->uc_mcontext.fpregs->__glibc_reserved1[12],
      u->uc_mcontext.fpregs->__glibc_reserved1[13] >= 512);
}
int main(void) {
  unsigned a, b, c = 0, d;
  __get_cpuid(1, &a, &b, &c, &d);
  if (!(c & bit_AVX) || !(c & bit_OSXSAVE)) {
    say("no AVX");
    return 0;
  }
  on(SIGALRM, dirty, 0);
  struct itimerval it = {{0, 3000}, {0, 3000}}, off = {{0, 0}, {0, 0}};
  int good = 1;
  setitimer(ITIMER_REAL, &it, 0);
  for (int i = 0; i < 5; i++) good &= spin(0);
  say("computing: %d", good);
  for (int i = 0; i < 5; i++) good &= spin(1);
  say("calling: %d", good);
  setitimer(ITIMER_REAL, &off, 0);
  on(SIGUSR1, edit, 0);
  float in[4] = {1, 1, 1, 1}, out[4];
  long pid = getpid();
  asm volatile(
      "movups %1,%%xmm3\n mov $62,%%eax\n mov %2,%%rdi\n mov $10,%%esi\n syscall\n movups %%xmm3,%0"
      : "=m"(out)
      : "m"(in), "r"(pid)
      : "rax", "rdi", "rsi", "rcx", "r11", "xmm3", "memory");
  say("edited by the handler: %g %g %g %g", out[0], out[1], out[2], out[3]);
  /* mxcsr and x87 control word across fork. */
  unsigned csr = 0x9fc0, csr2 = 0;
  unsigned short cw = 0x27f, cw2 = 0;
  asm volatile("ldmxcsr %0; fldcw %1; vmovups %2,%%xmm9" ::"m"(csr), "m"(cw), "m"(in) : "xmm9");
  pid_t p = syscall(SYS_fork);
  asm volatile("stmxcsr %0; fnstcw %1; movups %%xmm9,%2" : "=m"(csr2), "=m"(cw2), "=m"(out));
  if (!p) {
    say("child: mxcsr %x cw %x xmm9 %g", csr2 & 0xffc0, cw2, out[0]);
    _exit(0);
  }
  reap(p);
  say("parent: mxcsr %x cw %x xmm9 %g", csr2 & 0xffc0, cw2, out[0]);
  csr = 0x1f80;
  asm volatile("ldmxcsr %0; fninit" ::"m"(csr));
  static long there = 4711;
  unsigned long base = 0, value = 0;
  show_ok(syscall(SYS_arch_prctl, ARCH_SET_GS, &there));
  syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
  asm volatile("movq %%gs:0,%0" : "=r"(value));
  say("gs base %d value %ld", base == (unsigned long)&there, value);
  p = fork();
  if (!p) {
    asm volatile("movq %%gs:0,%0" : "=r"(value));
    say("child gs value %ld", value);
    _exit(0);
  }
  reap(p);
  return 0;
}
