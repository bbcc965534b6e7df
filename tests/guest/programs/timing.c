/* Clocks: agree between vDSO and system call, do not run backwards, sleeps last; cpu time is
 * accounted. */
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

#include "say.h"
static double get(int clock, int by_call) {
  struct timespec t;
  if (by_call)
    syscall(SYS_clock_gettime, clock, &t);
  else
    clock_gettime(clock, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}
int main(void) {
  static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,       CLOCK_MONOTONIC_RAW,
                               CLOCK_BOOTTIME, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE};
  for (unsigned i = 0; i < 6; i++) {
    double a = get(clocks[i], 1), b = get(clocks[i], 0), c = get(clocks[i], 1);
    double slack = i >= 4 ? 0.02 : 0.000001;
    say("clock %d agrees %d", clocks[i], a <= b + slack && b <= c + slack && c - a < 1);
  }
  double last = 0;
  int back = 0;
  for (int i = 0; i < 100000; i++) {
    double t = get(CLOCK_MONOTONIC, 0);
    back += t < last;
    last = t;
  }
  say("backwards %d", back);
  struct timeval tv;
  gettimeofday(&tv, 0);
  say("gettimeofday agrees %d, time agrees %d",
      get(CLOCK_REALTIME, 1) - (tv.tv_sec + tv.tv_usec * 1e-6) < 1,
      labs(time(0) - (long)get(CLOCK_REALTIME, 1)) <= 1);
  double t0 = get(CLOCK_MONOTONIC, 0);
  nap(50);
  double dt = get(CLOCK_MONOTONIC, 0) - t0;
  say("slept long enough %d", dt >= 0.05 && dt < 5);
  t0 = get(CLOCK_PROCESS_CPUTIME_ID, 0);
  for (volatile int i = 0; i < 30000000; i++) continue;
  dt = get(CLOCK_PROCESS_CPUTIME_ID, 0) - t0;
  say("cpu time passes %d", dt > 0.005);
  struct rusage ru;
  getrusage(RUSAGE_SELF, &ru);
  say("usage %d", ru.ru_utime.tv_sec + ru.ru_utime.tv_usec + ru.ru_stime.tv_usec > 0);
  unsigned lo, hi;
  asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
  uint64_t tsc = (uint64_t)hi << 32 | lo;
  nap(1);
  asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
  say("tsc advances %d", ((uint64_t)hi << 32 | lo) > tsc);
  struct timespec res;
  clock_getres(CLOCK_MONOTONIC, &res);
  say("resolution %ld", (long)res.tv_nsec);
  show_ok(clock_gettime(99, &res));
  return 0;
}
