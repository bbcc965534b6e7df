/* What a test needs to speak to hyprobe.ko: a list of probes being built, the ioctls, and checks that count
 * what failed. For one single-threaded program; errors of the C library end it. */
#ifndef MODULE_CLIENT_H
#define MODULE_CLIENT_H
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "transport/abi.h"
#include "transport/trace.h"

extern int failures;
#define CHECK_EQ(a, b)                                                                       \
  do {                                                                                       \
    long long x = (long long)(a), y = (long long)(b);                                        \
    if (x != y) {                                                                            \
      printf("FAILED %s:%d: %s is %lld, not %lld (%s)\n", __FILE__, __LINE__, #a, x, y, #b); \
      failures++;                                                                            \
    }                                                                                        \
  } while (0)
#define CHECK(a) CHECK_EQ(!!(a), 1)
#define NEED(a)                                                                  \
  do {                                                                           \
    if (!(a)) {                                                                  \
      printf("FAILED %s:%d: %s: %s\n", __FILE__, __LINE__, #a, strerror(errno)); \
      exit(1);                                                                   \
    }                                                                            \
  } while (0)

extern int control; /* /dev/hyprobe */

void open_control(void);

struct probes {
  uint8_t* bytes;
  uint32_t size, count;
};

void add(struct probes* p, uint32_t id, uint32_t kind, uint64_t address, uint32_t number,
         const char* text, uint32_t flags);

void clear(struct probes* p);

/* Programs are known by one byte here. The results of these are 0 or -errno. */
extern uint32_t failed_index; /* of attach() */
int attach(uint8_t program, const struct probes* p);
/* One probe, not committed. */
int attach_one(uint32_t id, uint32_t kind, uint64_t address, uint32_t number, const char* text,
               uint32_t flags);
int commit(uint8_t program);
int detach(uint8_t program);

struct hp_ioc_info info(void);
uint64_t fired(void);

/* One probe, attached and committed as program 1. */
void enable(uint32_t kind, uint64_t address, uint32_t number, const char* text, uint32_t flags);

/* The address of a kernel symbol; 0: there is none. */
uint64_t symbol(const char* name);
#endif
