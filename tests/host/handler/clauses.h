/* Storage of the program in clauses.c, shared with the tests that look into it. */
#ifndef HANDLER_CLAUSES_H
#define HANDLER_CLAUSES_H
#include <stdint.h>

struct globals {
  uint64_t entries, weight, local_seen, loaded, length, computed;
  uint64_t begins, now, ends, errors, after_exit, error_local, fault_in_error;
  uint64_t error_args[6];
  uint64_t ticks[16], cpus[64], exit_at;
  char text[16];
};
struct locals {
  uint64_t value;
};

#endif
