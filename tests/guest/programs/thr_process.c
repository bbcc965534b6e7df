/* Threads and processes: the main thread exits first, exec, fork and exit_group from a thread, a
 * thread's death by a fault takes all, /proc/self/task, gettid. */
#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>

#include "say.h"
static void* late(void* arg) {
  char path[64], state = 0;
  for (int i = 0; i < 2000 && state != 'Z'; i++) { /* until the main thread is gone */
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", getpid(), getpid());
    char text[512] = "";
    int fd = open(path, O_RDONLY);
    if (fd >= 0) read(fd, text, sizeof text - 1), close(fd);
    char* end = strrchr(text, ')');
    state = end ? end[2] : 'Z';
    nap(1);
  }
  say("main thread is a zombie %d", state == 'Z');
  exit(23);
}
static void* execs(void* arg) {
  execl("/bin/sh", "sh", "-c", "echo exec from a thread; exit 24", (char*)0);
  return 0;
}
static void* forks(void* arg) {
  pid_t p = fork();
  if (!p) {
    say("child of a thread: main thread of its process %d", getpid() == (int)syscall(SYS_gettid));
    exit(25);
  }
  return (void*)(long)reap(p);
}
static void* quits(void* arg) {
  _exit(26);
}
static void* faults(void* arg) {
  *(volatile int*)0 = 1;
  return 0;
}
static void* idle(void* arg) {
  while (!arg || *(volatile char*)arg) pause();
  return 0;
}
static void* spins(void* arg) {
  for (volatile long n = 0; !arg || n >= 0; n++) continue;
  return 0;
}
static int in_child(void* (*body)(void*), int then_exit, int others) {
  pid_t p = fork();
  if (!p) {
    pthread_t t;
    for (int i = 0; i < others; i++) pthread_create(&t, 0, i % 2 ? spins : idle, 0);
    pthread_create(&t, 0, body, 0);
    if (then_exit) pthread_exit(0);
    void* r;
    pthread_join(t, &r);
    _exit(WEXITSTATUS((long)r) + 10);
  }
  return reap(p);
}
static sem_t held;
static void* holds(void* arg) {
  sem_wait(&held);
  return (void*)syscall(SYS_gettid);
}
int main(void) {
  say("main exits first: %s", how(in_child(late, 1, 0)));
  say("exec: %s", how(in_child(execs, 0, 3)));
  say("fork: %s", how(in_child(forks, 0, 2)));
  say("exit_group: %s", how(in_child(quits, 0, 3)));
  say("fault: %s", how(in_child(faults, 0, 3)));
  pthread_t t[5];
  sem_init(&held, 0, 0);
  for (int i = 0; i < 5; i++) pthread_create(&t[i], 0, holds, 0);
  int n = 0;
  DIR* d = opendir("/proc/self/task");
  for (struct dirent* e; (e = readdir(d));) n += e->d_name[0] != '.';
  say("tasks %d", n);
  closedir(d);
  for (int i = 0; i < 5; i++) sem_post(&held);
  for (int i = 0; i < 5; i++) pthread_join(t[i], 0);
  pid_t p = fork();
  if (!p)
    for (;;) pause();
  until_sleeping(p);
  kill(p, SIGKILL);
  say("%s", how(reap(p)));
  return 0;
}
