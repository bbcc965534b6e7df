/* What hyprobe.ko does, seen from inside the guest: loaded with doorbell=none it counts the firings that it would
 * ring for, so known numbers of calls must give known counts. Run as root, alone in its guest.
 *
 *     module_test firings | kinds | errors | module NAME.ko TRACEPOINT FUNCTION | many COUNT | load SECONDS FIRINGS */
#include "module_client.h"
#include "parts.h"

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";

  setvbuf(stdout, NULL, _IOLBF, 0);
  open_control();
  if (!strcmp(what, "kinds"))
    kinds();
  else if (!strcmp(what, "firings"))
    firings();
  else if (!strcmp(what, "errors"))
    errors();
  else if (!strcmp(what, "module") && argc == 5)
    of_module(argv[2], argv[3], argv[4]);
  else if (!strcmp(what, "many") && argc == 3)
    many(atoi(argv[2]));
  else if (!strcmp(what, "load") && argc == 4)
    load(atoi(argv[2]), (uint32_t)atoi(argv[3]));
  else
    return fprintf(stderr, "module_test: what?\n"), 2;
  printf("%s: %d failed\n", what, failures);
  return failures != 0;
}
