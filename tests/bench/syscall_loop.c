/* Makes N getppid system calls and prints the cost of one in nanoseconds. usage: syscall_loop N */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char** argv) {
  long n = argc > 1 ? atol(argv[1]) : 100000;
  for (long i = 0; i < n / 10; i++) syscall(SYS_getppid);
  double start = now();
  for (long i = 0; i < n; i++) syscall(SYS_getppid);
  printf("%.1f\n", (now() - start) / (double)n);
  return 0;
}
