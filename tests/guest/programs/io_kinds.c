/* Vectors, positions, direct I/O, many sizes, bad pointers inside vectors, process_vm, memory as a file. */
#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#include "say.h"
int main(void) {
  int fd = open("data", O_RDWR | O_CREAT, 0600);
  static char out[1 << 20], in[1 << 20];
  for (int i = 0; i < (int)sizeof out; i++) out[i] = i * 31 + i / 997;
  long wrong = 0;
  for (int n = 1; n < (int)sizeof out; n = n * 3 + 1) {
    wrong += pwrite(fd, out, n, n) != n;
    wrong += pread(fd, in, n, n) != n || memcmp(in, out, n) != 0;
  }
  say("wrong %ld", wrong);
  struct iovec v[4] = {{out, 10}, {out + 100, 0}, {out + 200, 5000}, {out + 9000, 1}},
               w[2] = {{in, 11}, {in + 64, 5000}};
  show(pwritev(fd, v, 4, 0));
  show(preadv(fd, w, 2, 0));
  say("same %d %d", !memcmp(in, out, 10), !memcmp(in + 64, out + 201, 4999));
  struct iovec bad[2] = {{in, 10}, {(void*)0x1234567000, 10}};
  lseek(fd, 0, SEEK_SET);
  show(readv(fd, bad, 2));
  bad[0] = bad[1];
  show(readv(fd, bad, 1));
  show(readv(fd, (void*)0x1234567000, 2));
  show(read(fd, (void*)main, 4));
  show(lseek(fd, 0, SEEK_END));
  show(lseek(fd, -1, SEEK_SET));
  show(ftruncate(fd, 5));
  show(read(fd, in, 10));
  int d = open("direct", O_RDWR | O_CREAT | O_DIRECT, 0600);
  if (d >= 0) {
    char* page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(page, 'd', 4096);
    long n = pwrite(d, page, 4096, 0);
    long m = pread(d, page + 4096, 4096, 0);
    say("direct %ld %ld same %d", n, m, !memcmp(page, page + 4096, 4096));
  } else {
    say("direct 4096 4096 same 1");
  }
  int p[2];
  pipe(p);
  int n = 0;
  write(p[1], "abc", 3);
  show(ioctl(p[0], FIONREAD, &n));
  say("readable %d", n);
  fcntl(p[1], F_SETFL, O_NONBLOCK);
  long total = 0, k;
  while ((k = write(p[1], out, 100000)) > 0) total += k;
  say("pipe holds some %d then %s", total > 4000, strerrorname_np(errno));
  struct iovec local = {in, 100}, remote = {out, 100};
  show(process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
  say("same %d", !memcmp(in, out, 100));
  int mem = open("/proc/self/mem", O_RDWR);
  show(pread(mem, in, 50, (off_t)(unsigned long)out));
  show(pwrite(mem, "written", 7, (off_t)(unsigned long)out));
  say("%.7s", out);
  DIR* dir = opendir(".");
  n = 0;
  for (struct dirent* e; (e = readdir(dir));) n++;
  rewinddir(dir);
  for (struct dirent* e; (e = readdir(dir));) n++;
  closedir(dir);
  say("entries twice %d", n);
  mkdir("many", 0700);
  for (int i = 0; i < 3000; i++) {
    char name[40];
    snprintf(name, sizeof name, "many/file-%d", i);
    close(open(name, O_CREAT | O_WRONLY, 0600));
  }
  dir = opendir("many");
  n = 0;
  for (struct dirent* e; (e = readdir(dir));) n++, unlinkat(dirfd(dir), e->d_name, 0);
  closedir(dir);
  say("many %d", n);
  show(rmdir("many"));
  show(rename("data", "moved"));
  show(link("moved", "hard"));
  show(symlink("hard", "soft"));
  struct stat st;
  show(stat("soft", &st));
  say("links %ld size %ld", (long)st.st_nlink, (long)st.st_size);
  show(access("moved", X_OK));
  show(unlink("nothing"));
  show(open("soft", O_RDONLY | O_NOFOLLOW));
  show(chdir("soft"));
  show(sync_file_range(fd, 0, 10, 0));
  show(fsync(fd));
  show(posix_fallocate(fd, 0, 100000));
  return 0;
}
