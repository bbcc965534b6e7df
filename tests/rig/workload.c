/* What guests of the rig's tests do: known numbers of system calls, made directly so that no library adds its
 * own, and of calls of one function, rig_work().
 *
 *     workload ROUNDS     each round: 4 getppid, 2 read of 4242 bytes from /dev/zero, 1 openat of
 *                         /tmp/rig-file, 1 openat of /tmp/rig-none, 1 nanosleep of 2 ms, 3 rig_work
 *
 * At the end it prints what it has counted, one "COUNT name number" a line, on standard output by one write. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Written to, so that they are in memory when a handler reads them: it does not wait for a page. */
static char file_path[] = "/tmp/rig-file", none_path[] = "/tmp/rig-none", word[] = "rig";
static struct {
  unsigned getppid, read, openat, nanosleep, rig_work, bytes;
} count;

/* Called by its name: no clone of it for constant arguments. */
#ifdef __clang__
__attribute__((noinline))
#else
__attribute__((noipa))
#endif
long rig_work(long round, const char* text) {
  __asm__ volatile("" : : "r"(text) : "memory");
  count.rig_work++;
  return round * 2;
}

static void one_round(long round, int zero) {
  static char buffer[8192];
  const struct timespec two_ms = {0, 2000000};
  for (int i = 0; i < 4; i++, count.getppid++) syscall(SYS_getppid);
  for (int i = 0; i < 2; i++, count.read++) {
    const long n = syscall(SYS_read, zero, buffer, 4242);
    if (n > 0) count.bytes += (unsigned)n;
  }
  const long fd = syscall(SYS_openat, AT_FDCWD, file_path, O_RDWR | O_CREAT, 0600);
  syscall(SYS_openat, AT_FDCWD, none_path, O_RDONLY);
  count.openat += 2;
  syscall(SYS_close, fd);
  syscall(SYS_nanosleep, &two_ms, NULL);
  count.nanosleep++;
  for (int i = 0; i < 3; i++) (void)rig_work(round, word);
}

int main(int argc, char** argv) {
  const long rounds = argc > 1 ? atol(argv[1]) : 1;
  const int zero = open("/dev/zero", O_RDONLY);
  if (zero < 0) return 1;
  for (volatile char* p = file_path; *p != 0; p++) *p = *p;
  for (volatile char* p = none_path; *p != 0; p++) *p = *p;
  for (volatile char* p = word; *p != 0; p++) *p = *p;
  for (long i = 0; i < rounds; i++) one_round(i, zero);
  char text[256];
  const int n = snprintf(
      text, sizeof text,
      "COUNT getppid %u\nCOUNT read %u\nCOUNT openat %u\nCOUNT nanosleep %u\nCOUNT rig_work %u\n"
      "COUNT bytes %u\n",
      count.getppid, count.read, count.openat, count.nanosleep, count.rig_work, count.bytes);
  return write(1, text, (size_t)n) == n ? 0 : 1;
}
