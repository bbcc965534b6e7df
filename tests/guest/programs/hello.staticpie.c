/* hello.c, static and position independent. */
#include "hello.c"
