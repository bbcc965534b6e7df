// SPDX-License-Identifier: GPL-2.0
#include "kinds.h"

static const struct {
  int (*init)(void);
  void (*exit)(void);
} kinds[] = {
    {hp_tracepoints_init, hp_tracepoints_exit},
    {hp_functions_init, hp_functions_exit},
    {hp_profiles_init, hp_profiles_exit},
};
#define KINDS (int)(sizeof(kinds) / sizeof(kinds[0]))

int hp_kinds_init(void) {
  int i, err = 0;

  for (i = 0; i < KINDS && !err; i++) err = kinds[i].init();
  if (err)
    for (i -= 2; i >= 0; i--) kinds[i].exit();
  return err;
}

void hp_kinds_exit(void) {
  int i;

  for (i = KINDS - 1; i >= 0; i--) kinds[i].exit();
}
