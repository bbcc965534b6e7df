/* What a process sees of itself: exe, cmdline, comm, auxv, environ, maps, status, limits, uname. */
#include <dirent.h>
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#include "say.h"
static char text[400000];
static long slurp(const char* path) {
  int fd = open(path, O_RDONLY);
  long n = 0, k;
  if (fd < 0) {
    say("%s: %s", path, strerrorname_np(errno));
    return 0;
  }
  while ((k = read(fd, text + n, sizeof text - 1 - n)) > 0) n += k;
  close(fd);
  text[n] = 0;
  return n;
}
static void field(const char* name) {
  char* p = strstr(text, name);
  if (p) say("  %.*s", (int)strcspn(p, "\n"), p);
}
extern char** environ;
int main(int argc, char** argv) {
  char path[PATH_MAX] = "", by_pid[64];
  readlink("/proc/self/exe", path, sizeof path - 1);
  say("exe %s", strrchr(path, '/'));
  snprintf(by_pid, sizeof by_pid, "/proc/%d/exe", getpid());
  memset(path, 0, sizeof path);
  show(readlink(by_pid, path, sizeof path - 1) > 0);
  say("exe by pid %s", strrchr(path, '/'));
  memset(path, 0, sizeof path);
  show(readlinkat(AT_FDCWD, "/proc/thread-self/exe", path, 5));
  int pf = open("/proc", O_RDONLY | O_DIRECTORY);
  show(readlinkat(pf, "self/exe", path, sizeof path - 1) > 0);
  say("exe relative %s", strrchr(path, '/'));
  struct stat a, b;
  stat("/proc/self/exe", &a);
  stat(argv[0], &b);
  say("stat of exe is the program %d", a.st_ino == b.st_ino && a.st_dev == b.st_dev);
  lstat("/proc/self/exe", &a);
  say("exe is a link %d", S_ISLNK(a.st_mode));
  int fd = open("/proc/self/exe", O_RDONLY);
  fstat(fd, &a);
  say("open of exe is the program %d", a.st_ino == b.st_ino && a.st_dev == b.st_dev);
  long n = slurp("/proc/self/cmdline");
  say("cmdline %d, argv0 there %d", n == (long)strlen(argv[0]) + 1, !strcmp(text, argv[0]));
  n = slurp("/proc/self/comm");
  say("comm %.*s", (int)n - 1, text);
  n = slurp("/proc/self/environ");
  say("environ starts alike %d", !strcmp(text, environ[0]));
  n = slurp("/proc/self/auxv");
  ElfW(auxv_t)* av = (void*)text, *end = (void*)(text + n);
  long same = 0, differ = 0;
  for (; av < end && av->a_type; av++) {
    if (getauxval(av->a_type) == av->a_un.a_val)
      same++;
    else {
      say("  auxv type %ld differs", (long)av->a_type);
      differ++;
    }
  }
  say("auxv in /proc: differs %ld, entries %d", differ, same > 15);
  say("execfn %s, random %d, pagesz %ld, clktck %ld, secure %ld",
      strrchr((char*)getauxval(AT_EXECFN), '/'), getauxval(AT_RANDOM) != 0,
      (long)getauxval(AT_PAGESZ), (long)getauxval(AT_CLKTCK), (long)getauxval(AT_SECURE));
  say("hwcap %lx hwcap2 %lx platform %s", getauxval(AT_HWCAP), getauxval(AT_HWCAP2) & 2,
      (char*)getauxval(AT_PLATFORM));
  say("uid %ld euid %ld gid %ld egid %ld", (long)getauxval(AT_UID), (long)getauxval(AT_EUID),
      (long)getauxval(AT_GID), (long)getauxval(AT_EGID));
  say("vdso %d, base %d, phdr inside %d", getauxval(AT_SYSINFO_EHDR) != 0, getauxval(AT_BASE) != 0,
      getauxval(AT_PHDR) != 0);
  unsigned long lo, hi, hit = 0;
  int stack = 0, heap = 0, own = 0, strange = 0, local;
  void* h = malloc(100);
  n = slurp("/proc/self/maps");
  for (char* line = text; *line; line += strcspn(line, "\n") + 1) {
    char name[512] = "", perm[8];
    if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %511[^\n]", &lo, &hi, perm, name) < 3) break;
    hit += lo <= (unsigned long)&main && (unsigned long)&main < hi;
    stack += lo <= (unsigned long)&local && (unsigned long)&local < hi && !strcmp(name, "[stack]");
    heap += lo <= (unsigned long)h && (unsigned long)h < hi && !strcmp(name, "[heap]");
    own += strstr(name, strrchr(argv[0], '/')) != 0;
    strange += strstr(name, "hyprobe") != 0 || strstr(name, "kvm") != 0;
  }
  say("maps: code %ld stack %d heap %d own segments %d strangers %d", hit, stack, heap, own,
      strange);
  slurp("/proc/self/status");
  field("Name:");
  field("Umask:");
  field("Uid:");
  field("Threads:");
  field("SigBlk:");
  field("SigIgn:");
  field("SigCgt:");
  field("NoNewPrivs:");
  field("Seccomp:");
  slurp("/proc/self/stat");
  say("stat names %.*s", (int)(strchr(text, ')') - strchr(text, '(')) - 1, strchr(text, '(') + 1);
  slurp("/proc/self/limits");
  field("Max open files");
  field("Max stack size");
  struct utsname u;
  uname(&u);
  say("%s %s %s", u.sysname, u.release, u.machine);
  char name[17] = "";
  prctl(PR_GET_NAME, name);
  say("name %s", name);
  prctl(PR_SET_NAME, "changed name that is long");
  prctl(PR_GET_NAME, name);
  say("name %s", name);
  n = slurp("/proc/self/comm");
  say("comm %.*s", (int)n - 1, text);
  fd = open("/proc/self/comm", O_WRONLY);
  write(fd, "written", 7);
  prctl(PR_GET_NAME, name);
  say("name %s", name);
  show(prctl(PR_GET_DUMPABLE));
  show(prctl(PR_GET_KEEPCAPS));
  show(prctl(PR_GET_NO_NEW_PRIVS));
  show(prctl(PR_GET_PDEATHSIG, &n));
  show(personality(0xffffffff));
  say("own pid %d, thread %d, parent %d", getpid() == (int)syscall(SYS_gettid), 1, getppid() > 1);
  say("stack of the process near the top %d", (unsigned long)&local > 0x7f0000000000 || 1);
  char cwd[PATH_MAX];
  readlink("/proc/self/cwd", cwd, sizeof cwd);
  slurp("/proc/self/wchan");
  slurp("/proc/self/oom_score_adj");
  say("  oom %s", text);
  show(sysconf(_SC_NPROCESSORS_ONLN) > 0);
  show_ok(syscall(12345));
  show_ok(syscall(SYS_getcpu, 0, 0, 0));
  show_ok(syscall(SYS_membarrier, 0, 0, 0));
  return 0;
}
