/* Faults become signals with the kernel's code and address, and can be recovered from. */
#include <setjmp.h>

#include "say.h"
static sigjmp_buf back;
static char* page;
static volatile int mended;
static void report(int sig, siginfo_t* si, void* uc) {
  long at = (char*)si->si_addr - page;
  char where[40] = "elsewhere";
  if (at >= -4096 && at < 12288) snprintf(where, sizeof where, "page%+ld", at);
  if ((unsigned long)si->si_addr <= 0x10)
    snprintf(where, sizeof where, "%lx", (unsigned long)si->si_addr);
  say("SIG%s code %d at %s", sigabbrev_np(sig), si->si_code, where);
  siglongjmp(back, sig);
}
static void mend(int sig, siginfo_t* si, void* uc) {
  mended++;
  if (mprotect(page, 4096, PROT_READ | PROT_WRITE)) _exit(98);
}
static void skip2(int sig, siginfo_t* si, void* uc) {
  ucontext_t* u = uc;
  say("SIG%s code %d trapno %d; skipping it", sigabbrev_np(sig), si->si_code,
      (int)u->uc_mcontext.gregs[REG_TRAPNO]);
  u->uc_mcontext.gregs[REG_RIP] += 2;
  u->uc_mcontext.gregs[REG_RAX] = 77;
}
static void trap(int sig, siginfo_t* si, void* uc) {
  say("SIG%s code %d trapno %d", sigabbrev_np(sig), si->si_code,
      (int)((ucontext_t*)uc)->uc_mcontext.gregs[REG_TRAPNO]);
}
#define attempt(text, body)      \
  do {                           \
    say("%s", text);             \
    if (!sigsetjmp(back, 1)) {   \
      body;                      \
      say("  nothing happened"); \
    }                            \
  } while (0)
int main(void) {
  static char alternate[65536];
  stack_t st = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&st, 0);
  page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int sig = 1; sig < 32; sig++)
    if (sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL)
      on(sig, report, SA_ONSTACK);
  attempt("read null", (void)*(volatile char*)0);
  attempt("write 0x10", *(volatile char*)0x10 = 1);
  mprotect(page, 4096, PROT_NONE);
  attempt("read of PROT_NONE", (void)*(volatile char*)(page + 5));
  attempt("write of PROT_NONE", *(volatile char*)(page + 5) = 1);
  mprotect(page, 4096, PROT_READ);
  attempt("read of PROT_READ", (void)*(volatile char*)(page + 5));
  attempt("write of PROT_READ", *(volatile char*)(page + 5) = 1);
  munmap(page + 4096, 4096);
  attempt("read of unmapped", (void)*(volatile char*)(page + 4096));
  attempt("call of not executable", ((void (*)(void))(page + 5))());
  attempt("not canonical", (void)*(volatile char*)0x8000000000000000ul);
  attempt("kernel address", (void)*(volatile char*)0xffffffff81000000ul);
  attempt("jump to null", ((void (*)(void))0)());

  {
    char* two = mmap(0, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page = two + 4096; /* its first byte is the first that faults */
    munmap(page, 4096);
    mprotect(page + 4096, 4096, PROT_READ);
    static char from[64];
    attempt("rep movsb runs into it",
            asm volatile("rep movsb" ::"S"(from), "D"(page - 10), "c"(20) : "memory"));
    attempt("rep movsb from it",
            asm volatile("rep movsb" ::"S"(page - 10), "D"(from), "c"(20) : "memory"));
    attempt("rep stosb to read-only",
            asm volatile("rep stosb" ::"D"(page + 4096 + 5), "a"(0), "c"(20) : "memory"));
    attempt("a wide load across",
            asm volatile("movdqu (%0),%%xmm0" ::"r"(page - 3) : "xmm0", "memory"));
    attempt("a wide store across",
            asm volatile("movdqu %%xmm0,(%0)" ::"r"(page - 3) : "xmm0", "memory"));
    attempt("a push onto it",
            asm volatile("mov %%rsp,%%rbx; mov %0,%%rsp; push %%rax; mov %%rbx,%%rsp" ::"r"(
                             page + 13) : "rbx",
                         "memory"));
    attempt("a pop from it",
            asm volatile(
                "mov %%rsp,%%rbx; mov %0,%%rsp; pop %%rax; mov %%rbx,%%rsp" ::"r"(page + 5) : "rax",
                "rbx", "memory"));
    attempt("a call through it", asm volatile("call *(%0)" ::"r"(page + 5) : "memory"));
    attempt("add to read-only", asm volatile("addl $1,(%0)" ::"r"(page + 4096 + 5) : "memory"));
    attempt("compare and exchange on read-only",
            asm volatile("lock cmpxchg %%ecx,(%0)" ::"r"(page + 4096 + 5) : "eax", "memory"));
    attempt("mov by absolute address", asm volatile("movabs 0x10,%%al" :: : "rax"));
    attempt("jump onto it", asm volatile("jmp *%0" ::"r"(page + 5) : "memory"));
  }
  int fd = memfd_create("t", 0);
  ftruncate(fd, 8192);
  page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  page[4096] = 1;
  ftruncate(fd, 4096);
  attempt("past the end of a file", (void)*(volatile char*)(page + 4096));
  attempt("write past the end of a file", *(volatile char*)(page + 4096) = 2);

  volatile int zero = 0, one = 1;
  attempt("divide by zero", one = one / zero);
  attempt("divide overflow",
          asm volatile("mov $0x80000000,%%eax; cltd; mov $-1,%%ecx; idivl %%ecx" :: : "eax", "ecx",
                       "edx"));
  attempt("ud2", asm volatile("ud2"));
  attempt("hlt", asm volatile("hlt"));
  attempt("cli", asm volatile("cli"));
  attempt("in", asm volatile("inb $0x60,%%al" :: : "eax"));
  attempt("out", asm volatile("outb %%al,$0x80" :: : "eax"));
  attempt("rdmsr", asm volatile("rdmsr" :: : "eax", "edx"));
  attempt("mov from cr3", asm volatile("mov %%cr3,%%rax" :: : "rax"));
  attempt("unaligned sse", asm volatile("movaps 1(%%rsp),%%xmm0" :: : "xmm0"));
  {
    unsigned csr = 0x1f80 & ~0x200; /* division by zero unmasked */
    attempt("sse divide", asm volatile("ldmxcsr %0; xorps %%xmm0,%%xmm0; mov $0x3f800000,%%eax; "
                                       "movd %%eax,%%xmm1; divss %%xmm0,%%xmm1" ::"m"(csr) : "xmm0",
                                       "xmm1", "eax"));
    csr = 0x1f80;
    asm volatile("ldmxcsr %0" ::"m"(csr));
  }
  page = mmap(0, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  on(SIGSEGV, mend, 0);
  page[5] = 9;
  say("mended %d times, value %d", mended, page[5]);
  on(SIGILL, skip2, 0);
  long rax = 1;
  asm volatile("ud2" : "+a"(rax));
  say("rax from the handler %ld", rax);
  on(SIGTRAP, trap, 0);
  asm volatile("int3");
  say("after int3");
  asm volatile("pushf; orq $0x100,(%%rsp); popf; nop; pushf; andq $~0x100,(%%rsp); popf" ::
                   : "memory", "cc");
  say("after single steps");
  return 0;
}
