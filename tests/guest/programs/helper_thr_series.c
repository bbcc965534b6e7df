/* Threads and processes that live one after another, argv[1] of each: each makes one getppid(2) that
 * names it, and ends. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void* work(void* arg) {
  syscall(SYS_getppid, arg);
  return NULL;
}

int main(int argc, char** argv) {
  long n = argc > 1 ? atol(argv[1]) : 10;
  for (long i = 0; i < n; i++) {
    pthread_t t;
    if (pthread_create(&t, NULL, work, (void*)(i + 1)) != 0) return 1;
    pthread_join(t, NULL);
  }
  for (long i = 0; i < n / 10; i++) {
    pid_t pid = fork();
    if (pid < 0) return 2;
    if (pid == 0) {
      work((void*)(n + i + 1));
      _exit(0);
    }
    waitpid(pid, NULL, 0);
  }
  puts("done");
  return 0;
}
