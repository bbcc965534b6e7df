/* Calls that probes may be on, and what they are called with. */
#ifndef CALLS_H
#define CALLS_H
#include <stdint.h>

void getppids(int n);
/* The number of getppid by the gate of 32-bit programs, where it is another call. */
void compat_calls(int n);
long marked(long a);
void call_marked(int n);
/* f(n) in a child. */
void in_child(void (*f)(int), int n);
/* Of something in this program's file that is mapped. */
uint64_t file_offset(const void* of);
/* Seconds. */
double now(void);
#endif
