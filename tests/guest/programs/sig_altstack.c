/* sigaltstack: the handler runs there, SS_ONSTACK is seen, stack overflow is survived on it. */
#include <setjmp.h>
#include <sys/resource.h>

#include "say.h"
static char* alt;
static sigjmp_buf back;
static volatile int deep;
static void where(int sig, siginfo_t* si, void* uc) {
  char here;
  stack_t now;
  sigaltstack(0, &now);
  say("on the alternate stack %d, flags %d, uc_stack size %zu", &here >= alt && &here < alt + 65536,
      now.ss_flags, ((ucontext_t*)uc)->uc_stack.ss_size);
  stack_t other = {.ss_sp = alt, .ss_size = 65536};
  show_ok(sigaltstack(&other, 0));
}
static void overflow(int sig, siginfo_t* si, void* uc) {
  char here;
  say("overflow: on the alternate stack %d, code %d", &here >= alt && &here < alt + 65536,
      si->si_code);
  siglongjmp(back, 1);
}
static int recurse(int n) {
  volatile char frame[4096];
  frame[0] = n;
  deep = n;
  return n < 1000000 ? recurse(n + 1) + frame[0] : 0;
}
int main(void) {
  alt = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack_t st = {.ss_sp = alt, .ss_size = 65536}, old;
  show_ok(sigaltstack(&st, &old));
  say("before: flags %d", old.ss_flags);
  on(SIGUSR1, where, SA_ONSTACK);
  raise(SIGUSR1);
  on(SIGUSR2, where, 0);
  raise(SIGUSR2);
  on(SIGSEGV, overflow, SA_ONSTACK);
  struct rlimit lim = {1 << 20, 1 << 20};
  setrlimit(RLIMIT_STACK, &lim);
  if (!sigsetjmp(back, 1)) recurse(0);
  say("recovered, depth plausible %d", deep > 100 && deep < 2100);
  if (!sigsetjmp(back, 1)) recurse(0);
  say("recovered again");
  st.ss_flags = SS_DISABLE;
  show_ok(sigaltstack(&st, 0));
  st.ss_flags = 0;
  st.ss_size = 100;
  show_ok(sigaltstack(&st, 0));
  return 0;
}
