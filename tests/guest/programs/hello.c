/* Arguments, environment, heap and standard output; built for each link kind (hello.*.c). */
#include "say.h"
int main(int argc, char** argv, char** envp) {
  int n = 0;
  while (envp[n]) n++;
  char* p = malloc(1 << 20);
  memset(p, 1, 1 << 20);
  say("argc %d, argv0 ends in %s, environment %s, heap %d", argc, strrchr(argv[0], '/') + 1,
      n > 3 ? "there" : "missing", p[12345]);
  printf("through stdio\n");
  return 3;
}
