/* Indices of program.c's actions. */
#pragma once
enum {
  A_TRACE,
  A_PRINTF,
  A_PRINTA,
  A_PRINTA_ROW,
  A_PRINTA_BOTH,
  A_CLEAR,
  A_TRUNC,
  A_NORMALIZE,
  A_DENORMALIZE,
  A_EXIT,
  A_TRACEMEM,
  A_FREOPEN,
  A_SYSTEM,
  A_SETOPT,
  A_USTACK,
  A_TRACE_VM,
  A_TRACE_STR,
  A_FTRUNCATE
};
