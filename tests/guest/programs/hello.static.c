/* hello.c, static at a fixed address. */
#include "hello.c"
