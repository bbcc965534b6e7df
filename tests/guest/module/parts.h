/* The parts of module_test. */
#ifndef PARTS_H
#define PARTS_H
#include <stdint.h>

/* Each kind of probe fires as often as what it is on is called. */
void kinds(void);
/* What is refused, and that nothing is left of it. */
void errors(void);
/* A kernel module that leaves while it is probed. */
void of_module(const char* file, const char* tracepoint, const char* function);
/* Many functions in one call. */
void many(uint32_t wanted);
/* Starts work that goes on for so long, with probes of all kinds ringing, and leaves them so once they have fired so
 * often. */
void load(int seconds, uint32_t firings);
/* What the pages say, and messages; under tests/rig/firing_host. */
void firings(void);
#endif
