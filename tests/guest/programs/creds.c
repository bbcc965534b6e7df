/* Credentials: root becomes nobody and cannot go back; groups; file access follows; capabilities
 * go. */
#include <grp.h>
#include <sys/fsuid.h>

#include "say.h"
int main(void) {
  if (getuid()) {
    say("not root: nothing to drop");
    show_ok(setuid(0));
    return 0;
  }
  close(open("secret", O_CREAT | O_WRONLY, 0600));
  show(access("secret", R_OK));
  gid_t g[1] = {65534};
  pid_t p = fork();
  if (!p) {
    show(setgroups(1, g));
    show(setresgid(65534, 65534, 65534));
    show(setresuid(65534, 65534, 65534));
    uid_t r, e, s;
    getresuid(&r, &e, &s);
    say("%d %d %d, gid %d, groups %d", r, e, s, getegid(), getgroups(0, 0));
    show_ok(open("secret", O_RDONLY));
    show_ok(open("new", O_CREAT | O_WRONLY, 0600));
    show_ok(setuid(0));
    show_ok(kill(getppid(), 0));
    pid_t q = fork();
    if (!q) execl("/usr/bin/id", "id", (char*)0), _exit(1);
    say("%s", how(reap(q)));
    for (int i = 0; i < 100; i++) getppid();
    show_ok(open("secret", O_RDONLY));
    q = fork();
    if (!q)
      execl("/bin/sh", "sh", "-c", "cat secret; echo $?; readlink /proc/self/exe; echo x | cat",
            (char*)0),
          _exit(1);
    say("%s", how(reap(q)));
    _exit(0);
  }
  say("%s", how(reap(p)));
  show(seteuid(65534));
  show_ok(open("secret", O_RDONLY));
  show(seteuid(0));
  show_ok(open("secret", O_RDONLY) >= 0 ? 0 : -1);
  show(setfsuid(65534));
  show_ok(open("secret", O_RDONLY));
  show(setfsuid(0));
  p = fork();
  if (!p) {
    chroot(".");
    chdir("/");
    show_ok(open("/etc/passwd", O_RDONLY));
    show_ok(open("/secret", O_RDONLY) >= 0 ? 0 : -1);
    show_ok(execl("/bin/sh", "sh", (char*)0));
    pid_t q = fork();
    if (!q) _exit(3);
    say("%s", how(reap(q)));
    _exit(0);
  }
  say("%s", how(reap(p)));
  return 0;
}
