/* The vsyscall page: its three entries answer as the system calls do, where this kernel has them; bad
 * pointers and other addresses in it are faults. */
#include <sched.h>
#include <sys/time.h>

#include "say.h"
typedef long (*entry)(void*, void*);
#define GETTIMEOFDAY 0xffffffffff600000ul
#define TIME 0xffffffffff600400ul
#define GETCPU 0xffffffffff600800ul
static int address_counts; /* kernels differ for bad pointers */
static void fault(int sig, siginfo_t* i, void* c) {
  say("SIG%s", sigabbrev_np(sig));
  if (address_counts) say("code %d address %p", i->si_code, i->si_addr);
  _exit(3);
}
static long call(unsigned long at, void* a, void* b) {
  return ((entry)at)(a, b);
}
static int near(long a, long b) {
  return a - b >= -2 && a - b <= 2;
}
static void in_child(const char* what, unsigned long at, void* a, int counts) {
  pid_t p = fork();
  if (!p) {
    address_counts = counts;
    on(SIGSEGV, fault, 0);
    call(at, a, 0);
    _exit(0);
  }
  say("%s: %s", what, how(reap(p)));
}
int main(void) {
  in_child("there", TIME, 0, 1);
  pid_t p = fork();
  if (!p) {
    time_t t = 0;
    long r = call(TIME, &t, 0);
    say("time %d %d %d", near(r, time(0)), t == r, near(call(TIME, 0, 0), r));
    struct timeval tv = {0, -1};
    struct timezone tz = {-1, -1};
    show(call(GETTIMEOFDAY, &tv, &tz));
    say("seconds %d, microseconds %d, zone %d %d", near(tv.tv_sec, r),
        tv.tv_usec >= 0 && tv.tv_usec < 1000000, tz.tz_minuteswest, tz.tz_dsttime);
    show(call(GETTIMEOFDAY, 0, 0));
    unsigned cpu = ~0u, node = ~0u;
    show(call(GETCPU, &cpu, &node));
    say("cpu %d node %d", cpu < 4096, node < 1024);
    long steps = 0;
    for (int i = 0; i < 200; i++) steps += call(TIME, 0, 0) >= r;
    say("again %ld", steps);
    _exit(0);
  }
  say("%s", how(reap(p)));
  in_child("bad pointer", TIME, (void*)8, 0);
  in_child("read-only", GETTIMEOFDAY, (void*)"constant text", 0);
  in_child("no entry", TIME + 16, 0, 1);
  in_child("fourth", GETCPU + 0x400, 0, 1);
  return 0;
}
