/* alarm, setitimer of all kinds, timer_create by signal and thread id, while computing and
 * sleeping. */
#include <sys/time.h>

#include "say.h"
static volatile int got, value;
static void count(int sig, siginfo_t* si, void* uc) {
  got++;
  if (si->si_code == SI_TIMER) value = si->si_value.sival_int;
}
int main(void) {
  on(SIGALRM, count, 0);
  on(SIGVTALRM, count, 0);
  on(SIGPROF, count, 0);
  on(SIGRTMIN, count, 0);
  struct itimerval it = {{0, 5000}, {0, 5000}}, off = {{0, 0}, {0, 0}}, now;
  setitimer(ITIMER_REAL, &it, 0);
  while (got < 10) pause();
  say("ten alarms while pausing");
  got = 0;
  for (volatile long n = 0; got < 10; n++) continue;
  say("ten alarms while computing");
  setitimer(ITIMER_REAL, &off, &now);
  say("interval %ld", (long)now.it_interval.tv_usec);
  got = 0;
  for (int i = 0; i < 1000; i++) getppid();
  setitimer(ITIMER_VIRTUAL, &it, 0);
  for (volatile long n = 0; got < 3; n++) continue;
  setitimer(ITIMER_VIRTUAL, &off, 0);
  say("virtual timer");
  got = 0;
  setitimer(ITIMER_PROF, &it, 0);
  while (got < 3) getppid();
  setitimer(ITIMER_PROF, &off, 0);
  say("profiling timer during system calls");
  got = 0;
  timer_t t;
  struct sigevent ev = {
      .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 99};
  show_ok(timer_create(CLOCK_MONOTONIC, &ev, &t));
  struct itimerspec ts = {{0, 3000000}, {0, 3000000}};
  timer_settime(t, 0, &ts, 0);
  while (got < 5) pause();
  timer_delete(t);
  say("timer_create value %d", value);
  alarm(100);
  say("alarm left %d", alarm(0) > 90);
  got = 0;
  alarm(1);
  char c;
  int pipes[2];
  pipe(pipes);
  errno = 0;
  long r = read(pipes[0], &c, 1);
  say("read under alarm: %ld %s", r, strerrorname_np(errno));
  return 0;
}
