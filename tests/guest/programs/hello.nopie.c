/* hello.c, dynamic at a fixed address. */
#include "hello.c"
