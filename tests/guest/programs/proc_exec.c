/* exec in its ways: scripts, nested scripts, argv[0], the environment, descriptors, and every
 * error. */
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "say.h"
static void file(const char* name, const char* text, int mode) {
  int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0700);
  write(fd, text, strlen(text));
  fchmod(fd, mode);
  close(fd);
}
#define child(...)                                      \
  do {                                                  \
    pid_t p_ = fork();                                  \
    if (!p_) {                                          \
      __VA_ARGS__;                                      \
      say("  exec failed: %s", strerrorname_np(errno)); \
      _exit(127);                                       \
    }                                                   \
    say("%s", how(reap(p_)));                           \
  } while (0)
static void handler(int sig, siginfo_t* si, void* uc) {
  _exit(90);
}
int main(int argc, char** argv, char** envp) {
  char* volatile bad = (char*)8; /* out of the compiler's sight */
  setvbuf(stdout, 0, _IONBF, 0);
  char self[PATH_MAX] = "";
  readlink("/proc/self/exe", self, sizeof self - 1);
  if (argc > 1 && !strcmp(argv[0], "other name")) {
    int n = 0;
    for (char** e = envp; *e; e++) n++;
    char comm[32] = "", cmd[200] = "";
    int fd = open("/proc/self/comm", O_RDONLY);
    read(fd, comm, 31);
    close(fd);
    fd = open("/proc/self/cmdline", O_RDONLY);
    int len = read(fd, cmd, 199);
    for (int i = 0; i < len - 1; i++)
      if (!cmd[i]) cmd[i] = '|';
    sigset_t now;
    sigprocmask(SIG_BLOCK, 0, &now);
    say("  argc %d [%s] [%s] environment %d execfn %s comm %.*s cmdline %s", argc, argv[0], argv[1],
        n, strrchr((char*)getauxval(AT_EXECFN), '/'), (int)strcspn(comm, "\n"), comm, cmd);
    say("  exe %s", strrchr(self, '/'));
    say("  mask usr1 %d; int ignored %d term default %d", sigismember(&now, SIGUSR1),
        signal(SIGINT, SIG_DFL) == SIG_IGN, signal(SIGTERM, SIG_DFL) == SIG_DFL);
    say("  fd 50 %s fd 51 %s", ok(fcntl(50, F_GETFD)), ok(fcntl(51, F_GETFD)));
    return 11;
  }
  child(execl(self, "other name", "arg", (char*)0));
  child(signal(SIGINT, SIG_IGN); on(SIGTERM, handler, 0); sigset_t s; sigemptyset(&s);
        sigaddset(&s, SIGUSR1); sigprocmask(SIG_BLOCK, &s, 0); dup2(1, 50); dup3(1, 51, O_CLOEXEC);
        char* e[] = {"A=1", 0}; execle(self, "other name", "", (char*)0, e));
  child(char* a[] = {"other name", "fexecve", 0}; int fd = open(self, O_RDONLY | O_CLOEXEC);
        fexecve(fd, a, envp));
  child(char* a[] = {"other name", "at", 0}; char dir[PATH_MAX]; strcpy(dir, self);
        *strrchr(dir, '/') = 0; int fd = open(dir, O_PATH);
        syscall(SYS_execveat, fd, strrchr(self, '/') + 1, a, envp, 0));
  file("script", "#!/bin/sh\necho script $0 $# \"$1\"; exit 3\n", 0755);
  child(execl("./script", "ignored", "a b", (char*)0));
  file("one", "#!/bin/sh -e\necho $-; false; echo not reached\n", 0755);
  child(execl("./one", "one", (char*)0));
  file("outer", "#!./script inner words\n", 0755);
  child(execl("./outer", "outer", "x", (char*)0));
  file("spaces", "#!   /bin/echo   two  words  \n", 0755);
  child(execl("./spaces", "spaces", "x", (char*)0));
  file("viaenv", "#!/usr/bin/env sh\necho via env\n", 0755);
  child(execl("./viaenv", "viaenv", (char*)0));
  file("nonewline", "#!/bin/echo", 0755);
  child(execl("./nonewline", "n", (char*)0));
  file("empty", "", 0755);
  child(execl("./empty", "n", (char*)0));
  file("text", "echo not a program\n", 0755);
  child(execl("./text", "n", (char*)0));
  file("bang", "#!\n", 0755);
  child(execl("./bang", "n", (char*)0));
  file("missing", "#!/nonexistent/interpreter\n", 0755);
  child(execl("./missing", "n", (char*)0));
  file("loop", "#!./loop\n", 0755);
  child(execl("./loop", "n", (char*)0));
  file("dirinterp", "#!/tmp\n", 0755);
  child(execl("./dirinterp", "n", (char*)0));
  file("noexec", "#!/bin/sh\n", 0644);
  child(execl("./noexec", "n", (char*)0));
  child(execl("/", "n", (char*)0));
  child(execl("", "n", (char*)0));
  child(execl("./script/x", "n", (char*)0));
  child(execl("/nonexistent", "n", (char*)0));
  symlink("circle", "circle");
  child(execl("./circle", "n", (char*)0));
  symlink("script", "link");
  child(execl("./link", "n", (char*)0));
  symlink("/bin/true", "truelink");
  child(execl("./truelink", "n", (char*)0));
  char* longname = malloc(5000);
  memset(longname, 'a', 4999);
  longname[4999] = 0;
  child(execl(longname, "n", (char*)0));
  child(char* big = malloc(200000); memset(big, 'x', 199999); big[199999] = 0;
        execl("/bin/true", "n", big, (char*)0));
  child(char** many = malloc(8 * 40001); char* k = malloc(1000); memset(k, 'y', 999); k[999] = 0;
        for (int i = 0; i < 40000; i++) many[i] = k; many[40000] = 0; execv("/bin/true", many));
  child(execv(bad, argv));
  child(execv("/bin/true", (char**)bad));
  child(char* a[] = {bad, 0}; execv("/bin/true", a));
  file("garbage", "\177ELF garbage", 0755);
  child(execl("./garbage", "n", (char*)0));
  char head[4096];
  int fd = open("/bin/true", O_RDONLY), n = read(fd, head, sizeof head);
  close(fd);
  fd = open("cut", O_CREAT | O_WRONLY, 0755);
  write(fd, head, 100);
  close(fd);
  child(execl("./cut", "n", (char*)0));
  head[18] = 0xb7; /* aarch64 */
  head[19] = 0;
  fd = open("foreign", O_CREAT | O_WRONLY, 0755);
  write(fd, head, n);
  close(fd);
  child(execl("./foreign", "n", (char*)0));
  child(char* a[] = {"sh", 0}; int f = open("script", O_RDONLY | O_CLOEXEC); fexecve(f, a, envp));
  child(char* a[] = {"sh", 0}; int f = open("script", O_RDONLY); fcntl(f, F_SETFD, 0); dup2(f, 60);
        fexecve(60, a, envp));
  child(syscall(SYS_execve, "/bin/true", 0, 0));
  child(syscall(SYS_execveat, AT_FDCWD, "truelink", argv, envp, AT_SYMLINK_NOFOLLOW));
  child(syscall(SYS_execveat, 99, "", argv, envp, AT_EMPTY_PATH));
  child(prctl(PR_SET_NAME, "renamed"); execl("/bin/cat", "cat", "/proc/self/comm", (char*)0));
  child(chdir("/usr"); execl("/bin/pwd", "pwd", "-P", (char*)0));
  child(umask(027); execl("/bin/sh", "sh", "-c", "umask", (char*)0));
  for (int i = 0; i < 20; i++) {
    pid_t p = fork();
    if (!p) execl("/bin/true", "true", (char*)0), _exit(1);
    if (reap(p)) say("true failed");
  }
  execl("/bin/sh", "sh", "-c", "echo the end; exit 5", (char*)0);
  return 1;
}
