/* SA_RESTART and EINTR: read, accept, futex, wait, poll, nanosleep, interrupted by a child's
 * signals. */
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "say.h"
static volatile int seen;
static void count(int sig, siginfo_t* si, void* uc) {
  seen++;
}
static int pipes[2], ear;
/* Runs `blocker` here while a child waits for this process to sleep, signals it, lets it sleep
 * again if it does, then unblocks it by `release`. */
static void interrupted(const char* name, long (*blocker)(void), void (*release)(void)) {
  for (int restart = 0; restart < 2; restart++) {
    on(SIGUSR1, count, restart ? SA_RESTART : 0);
    seen = 0;
    pid_t me = getpid(), p = fork();
    if (!p) {
      until_sleeping(me);
      kill(me, SIGUSR1);
      if (restart && release) {
        nap(20);
        until_sleeping(me);
        release();
      }
      _exit(0);
    }
    errno = 0;
    long r = blocker();
    say("%s %s: %s, handled %d", name, restart ? "restart" : "plain",
        r < 0 ? strerrorname_np(errno) : "done", seen);
    reap(p);
  }
}
static long do_read(void) {
  char c;
  return read(pipes[0], &c, 1);
}
static void un_read(void) {
  write(pipes[1], "x", 1);
}
static long do_accept(void) {
  int c = accept(ear, 0, 0);
  if (c >= 0) close(c);
  return c;
}
static void un_accept(void) {
  struct sockaddr_un a;
  socklen_t n = sizeof a;
  getsockname(ear, (void*)&a, &n);
  int c = socket(AF_UNIX, SOCK_STREAM, 0);
  connect(c, (void*)&a, n);
}
static int* shared;
static long do_futex(void) {
  return syscall(SYS_futex, shared, FUTEX_WAIT, 0, 0, 0, 0);
}
static void un_futex(void) {
  *shared = 1;
  syscall(SYS_futex, shared, FUTEX_WAKE, 1, 0, 0, 0);
}
static long do_poll(void) {
  struct pollfd p = {pipes[0], POLLIN, 0};
  return poll(&p, 1, 60000);
}
static long do_ppoll(void) {
  struct pollfd p = {pipes[0], POLLIN, 0};
  return ppoll(&p, 1, 0, 0);
}
static long do_select(void) {
  fd_set f;
  FD_ZERO(&f);
  FD_SET(pipes[0], &f);
  return select(pipes[0] + 1, &f, 0, 0, 0);
}
static long do_epoll(void) {
  int e = epoll_create1(0);
  struct epoll_event v;
  long r = epoll_wait(e, &v, 1, 60000);
  int s = errno;
  close(e);
  errno = s;
  return r;
}
static long do_sleep(void) {
  struct timespec t = {60, 0}, left = {0, 0};
  long r = nanosleep(&t, &left);
  say("  time left %d", left.tv_sec > 50);
  return r;
}
static long do_cnsleep(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_sec += 60;
  int r = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0);
  errno = r;
  return r ? -1 : 0;
}
static long do_pause(void) {
  return pause();
}
static pid_t child;
static int go[2];
static long do_wait(void) {
  int st;
  return waitpid(child, &st, 0);
}
static void un_wait(void) {
  write(go[1], "x", 1);
}
int main(void) {
  pipe(pipes);
  ear = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un a = {AF_UNIX, ""};
  bind(ear, (void*)&a, sizeof(sa_family_t));
  listen(ear, 5);
  shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  interrupted("read", do_read, un_read);
  interrupted("accept", do_accept, un_accept);
  interrupted("futex", do_futex, un_futex);
  pipe(go);
  child = fork();
  if (!child) {
    char c;
    read(go[0], &c, 1);
    _exit(0);
  }
  interrupted("waitpid", do_wait, un_wait);
  interrupted("poll", do_poll, 0);
  interrupted("ppoll", do_ppoll, 0);
  interrupted("select", do_select, 0);
  interrupted("epoll_wait", do_epoll, 0);
  interrupted("nanosleep", do_sleep, 0);
  interrupted("clock_nanosleep", do_cnsleep, 0);
  interrupted("pause", do_pause, 0);
  /* A signal whose disposition is to ignore or the default nothing interrupts no call. */
  signal(SIGUSR1, SIG_IGN);
  pid_t me = getpid(), p = fork();
  if (!p) {
    until_sleeping(me);
    kill(me, SIGUSR1);
    kill(me, SIGWINCH);
    nap(20);
    un_read();
    _exit(0);
  }
  show(do_read());
  reap(p);
  /* A stop and continuation interrupts nanosleep and poll invisibly. */
  p = fork();
  if (!p) {
    struct timespec t = {0, 200000000};
    _exit(nanosleep(&t, 0) ? 1 : 0);
  }
  until_sleeping(p);
  kill(p, SIGSTOP);
  int st;
  waitpid(p, &st, WUNTRACED);
  say("stopped: %s", how(st));
  kill(p, SIGCONT);
  say("slept through: %s", how(reap(p)));
  return 0;
}
