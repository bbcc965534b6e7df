/* Pipes, sockets, epoll, eventfd, timerfd, inotify, sendfile, splice, SCM_RIGHTS, locks, ptys. */
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <utmp.h>

#include "say.h"
static void send_fd(int via, int fd) {
  char c = 'f', ctl[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec io = {&c, 1};
  struct msghdr m = {
      .msg_iov = &io, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof ctl};
  struct cmsghdr* h = CMSG_FIRSTHDR(&m);
  *h = (struct cmsghdr){
      .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
  memcpy(CMSG_DATA(h), &fd, sizeof fd);
  sendmsg(via, &m, 0);
}
static int recv_fd(int via) {
  char c, ctl[CMSG_SPACE(sizeof(int))];
  struct iovec io = {&c, 1};
  struct msghdr m = {
      .msg_iov = &io, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof ctl};
  if (recvmsg(via, &m, 0) < 1) return -1;
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
  return fd;
}
int main(void) {
  int p[2], s[2];
  char buf[70000];
  pipe(p);
  pid_t c = fork();
  if (!c) {
    close(p[0]);
    memset(buf, 'z', sizeof buf);
    for (int i = 0; i < 100; i++) write(p[1], buf, sizeof buf);
    _exit(0);
  }
  close(p[1]);
  long n, total = 0;
  while ((n = read(p[0], buf, 5000)) > 0) total += n;
  say("through a pipe %ld %s", total, how(reap(c)));
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  c = fork();
  if (!c) {
    int fd = open("passed", O_CREAT | O_RDWR, 0600);
    write(fd, "contents", 8);
    send_fd(s[1], fd);
    _exit(0);
  }
  int fd = recv_fd(s[0]);
  n = pread(fd, buf, 100, 0);
  say("passed descriptor: %.*s", (int)n, buf);
  reap(c);
  int ear = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = {AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {0}};
  socklen_t len = sizeof a;
  show(bind(ear, (void*)&a, sizeof a));
  listen(ear, 5);
  getsockname(ear, (void*)&a, &len);
  c = fork();
  if (!c) {
    int k = socket(AF_INET, SOCK_STREAM, 0);
    connect(k, (void*)&a, sizeof a);
    write(k, "hello over tcp", 14);
    n = read(k, buf, 100);
    _exit(n == 5 && !memcmp(buf, "reply", 5) ? 14 : 15);
  }
  int k = accept4(ear, 0, 0, SOCK_NONBLOCK);
  int e = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event ev = {EPOLLIN | EPOLLET, {.u64 = 0x123456789abcdef}};
  epoll_ctl(e, EPOLL_CTL_ADD, k, &ev);
  ev.data.u64 = 0;
  show(epoll_wait(e, &ev, 1, 5000));
  say("event %x data %lx", ev.events & EPOLLIN, (long)ev.data.u64);
  n = read(k, buf, 100);
  say("server got %.*s", (int)n, buf);
  show(read(k, buf, 100));
  struct iovec io[3] = {{"re", 2}, {"pl", 2}, {"y", 1}};
  show(writev(k, io, 3));
  say("%s", how(reap(c)));
  close(k);
  k = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK);
  uint64_t v = 0;
  while (read(k, &v, 8) == 8) say("eventfd %ld", (long)v);
  int t = timerfd_create(CLOCK_MONOTONIC, 0);
  struct itimerspec ts = {{0, 0}, {0, 2000000}};
  timerfd_settime(t, 0, &ts, 0);
  read(t, &v, 8);
  say("timerfd %ld", (long)v);
  int i = inotify_init1(IN_NONBLOCK);
  show(inotify_add_watch(i, ".", IN_CREATE | IN_DELETE));
  close(open("noticed", O_CREAT | O_WRONLY, 0600));
  unlink("noticed");
  n = read(i, buf, sizeof buf);
  for (char* q = buf; q < buf + n;
       q += sizeof(struct inotify_event) + ((struct inotify_event*)q)->len)
    say("inotify %x %s", ((struct inotify_event*)q)->mask, ((struct inotify_event*)q)->name);
  off_t off = 3;
  pipe(p);
  show(sendfile(p[1], fd, &off, 100));
  show(lseek(fd, 0, SEEK_SET));
  show(splice(fd, 0, p[1], 0, 4, 0));
  n = read(p[0], buf, 100);
  say("sendfile and splice: %.*s at %ld", (int)n, buf, (long)off);
  int fd2 = open("copy", O_CREAT | O_RDWR, 0600);
  lseek(fd, 0, SEEK_SET);
  show(copy_file_range(fd, 0, fd2, 0, 100, 0));
  show(flock(fd2, LOCK_EX));
  int fd3 = open("copy", O_RDWR);
  show(flock(fd3, LOCK_EX | LOCK_NB));
  struct flock fl = {F_WRLCK, SEEK_SET, 0, 10, 0};
  show(fcntl(fd, F_SETLK, &fl));
  c = fork();
  if (!c) {
    struct flock mine = {F_WRLCK, SEEK_SET, 0, 10, 0};
    show_ok(fcntl(fd, F_SETLK, &mine));
    fcntl(fd, F_GETLK, &mine);
    say("held by the parent %d", mine.l_pid == getppid());
    _exit(0);
  }
  reap(c);
  int dg[2];
  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, dg);
  struct mmsghdr mm[3] = {0};
  for (int j = 0; j < 3; j++) mm[j].msg_hdr.msg_iov = &io[j], mm[j].msg_hdr.msg_iovlen = 1;
  show(sendmmsg(dg[0], mm, 3, 0));
  for (int j = 0; j < 3; j++) say("packet of %ld", (long)recv(dg[1], buf, 100, 0));
  struct ucred cred;
  len = sizeof cred;
  getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &cred, &len);
  say("peer is self %d", cred.pid == getpid());
  int master, slave;
  if (!openpty(&master, &slave, 0, 0, 0)) {
    c = fork();
    if (!c) {
      setsid();
      login_tty(slave);
      execl("/bin/sh", "sh", "-c", "tty -s && echo on a tty; read x; echo got $x", (char*)0);
      _exit(1);
    }
    close(slave);
    write(master, "typed\n", 6);
    say("pty child %s", how(reap(c)));
    total = 0;
    while (total < (long)sizeof buf && (n = read(master, buf + total, sizeof buf - total)) > 0)
      total += n;
    buf[total] = 0;
    say("pty saw tty %d got %d", strstr(buf, "on a tty") != 0, strstr(buf, "got typed") != 0);
    /* Interrupt by the terminal. */
    openpty(&master, &slave, 0, 0, 0);
    c = fork();
    if (!c) {
      setsid();
      login_tty(slave);
      write(1, "+", 1);
      for (;;) pause();
    }
    close(slave);
    read(master, buf, 1);
    write(master, "\003", 1);
    say("Ctrl-C: %s", how(reap(c)));
  }
  return 0;
}
