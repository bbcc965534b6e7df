#include "calls.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "module_client.h"

void getppids(int n) {
  while (n--) syscall(SYS_getppid);
}
/* The same number by the gate of 32-bit programs, where it is another call. */
void compat_calls(int n) {
  while (n--) {
    long rax = SYS_getppid;
    asm volatile("int $0x80" : "+a"(rax) : "b"(0) : "memory", "r8", "r9", "r10", "r11");
  }
}

__attribute__((noinline)) long marked(long a) {
  asm volatile("" ::: "memory");
  return a * 3;
}

/* The offset in this program's file of something of it that is mapped. */
uint64_t file_offset(const void* of) {
  FILE* f = fopen("/proc/self/maps", "r");
  unsigned long long start, end, offset, found = 0;
  char line[512];

  NEED(f);
  while (!found && fgets(line, sizeof(line), f))
    if (sscanf(line, "%llx-%llx %*s %llx", &start, &end, &offset) == 3 && (uintptr_t)of >= start &&
        (uintptr_t)of < end)
      found = (uintptr_t)of - start + offset;
  fclose(f);
  NEED(found);
  return found;
}

void in_child(void (*f)(int), int n) {
  pid_t child = fork();
  int status;

  NEED(child >= 0);
  if (!child) {
    f(n);
    _exit(0);
  }
  NEED(waitpid(child, &status, 0) == child);
  CHECK_EQ(status, 0);
}

void call_marked(int n) {
  while (n--) marked(n);
}

double now(void) {
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
