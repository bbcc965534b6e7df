/* Descriptors: the lowest is taken, dup2 to high numbers, close_range, listing of /proc/self/fd,
 * limits. */
#include <dirent.h>
#include <sys/resource.h>

#include "say.h"
static void listed(const char* when, const char* dir) {
  int fds[256], n = 0;
  DIR* d = opendir(dir);
  if (!d) {
    say("%s: %s: %s", when, dir, strerrorname_np(errno));
    return;
  }
  for (struct dirent* e; (e = readdir(d));)
    if (e->d_name[0] != '.' && n < 256) fds[n++] = atoi(e->d_name);
  closedir(d);
  char text[1024] = "";
  for (int i = 0; i < n; i++) sprintf(text + strlen(text), " %d", fds[i]);
  say("%s:%s", when, text);
}
int main(void) {
  listed("at start", "/proc/self/fd");
  char dir[64];
  snprintf(dir, sizeof dir, "/proc/%d/fd", getpid());
  listed("by pid", dir);
  listed("thread's", "/proc/thread-self/fd");
  listed("fdinfo", "/proc/self/fdinfo");
  listed("dev", "/dev/fd");
  show(open("/dev/null", O_RDONLY));
  show(dup(1));
  show(dup2(1, 200));
  show(dup2(1, 255));
  show(fcntl(1, F_DUPFD, 100));
  show(fcntl(1, F_DUPFD_CLOEXEC, 100));
  show(fcntl(101, F_GETFD));
  listed("now", "/proc/self/fd");
  show(close(3));
  show(open("/dev/null", O_RDONLY));
  show(close(1000));
  show(dup2(5, 5));
  show(dup2(1000, 5));
  struct rlimit lim;
  getrlimit(RLIMIT_NOFILE, &lim);
  say("limit %ld %ld", (long)lim.rlim_cur, (long)lim.rlim_max);
  show(dup2(1, lim.rlim_cur));
  show(dup2(1, lim.rlim_cur - 1) == (int)lim.rlim_cur - 1);
  for (int i = 1; i <= 40; i++)
    if (dup2(1, lim.rlim_cur - i) != (int)lim.rlim_cur - i)
      say("dup2 to limit-%d: %s", i, strerrorname_np(errno));
  int usable = 0;
  for (int fd = 256; fd < (int)lim.rlim_cur; fd++) usable += close(fd) == 0;
  say("open near the limit %d", usable);
  show(syscall(SYS_close_range, 3, 9999, 4 /* cloexec */));
  show(fcntl(200, F_GETFD));
  show(syscall(SYS_close_range, 3, ~0u, 0));
  show(syscall(SYS_close_range, 5, 4, 0));
  listed("after close_range", "/proc/self/fd");
  lim.rlim_cur = 64;
  show(setrlimit(RLIMIT_NOFILE, &lim));
  int n = 0;
  while (open("/dev/null", O_RDONLY) >= 0) n++;
  say("opened %d then %s", n, strerrorname_np(errno));
  show_ok(fork() == 0 ? (_exit(7), 0) : 0);
  int st;
  wait(&st);
  say("fork with all taken: %s", how(st));
  for (int i = 3; i < 64; i++) close(i);
  show(dup2(1, 64));
  pid_t p = fork();
  if (!p) execl("/bin/ls", "ls", "/proc/self/fd", (char*)0), _exit(1);
  say("%s", how(reap(p)));
  p = fork();
  if (!p)
    execl("/bin/sh", "sh", "-c", "ulimit -n; exec 9>&1; echo to nine >&9", (char*)0), _exit(1);
  say("%s", how(reap(p)));
  closefrom(3);
  listed("in the end", "/proc/self/fd");
  for (int i = 0; i < 2000; i++) close(i + 3);
  p = fork();
  if (!p) _exit(8);
  say("still able to fork: %s", how(reap(p)));
  return 0;
}
