/* helper_status STATUS WORDS: runs the command whose words, ended by NUL bytes, are in the file
 * WORDS, and writes how it ended, as wait(2) tells it, to the file STATUS. So a run under a program
 * whose own status says something else can still be compared. */

#include "say.h"
int main(int argc, char** argv) {
  static char text[1 << 17], *words[4096];
  int fd = argc == 3 ? open(argv[2], O_RDONLY) : -1, n = 0, status;
  long size = read(fd, text, sizeof text - 1);
  if (size <= 0) return 98;
  close(fd);
  for (char* p = text; p < text + size && n < 4095; p += strlen(p) + 1) words[n++] = p;
  pid_t pid = fork();
  if (pid == 0) {
    execvp(words[0], words);
    _exit(127);
  }
  signal(SIGINT, SIG_IGN);
  signal(SIGQUIT, SIG_IGN);
  status = reap(pid);
  fd = open(argv[1], O_CREAT | O_WRONLY | O_TRUNC, 0600);
  dprintf(fd, "%d\n", status);
  return 0;
}
