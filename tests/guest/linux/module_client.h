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

static int failures;
#define CHECK_EQ(a, b)                                                               \
  do {                                                                               \
    long long x = (long long)(a), y = (long long)(b);                                \
    if (x != y) {                                                                    \
      printf("FAILED line %d: %s is %lld, not %lld (%s)\n", __LINE__, #a, x, y, #b); \
      failures++;                                                                    \
    }                                                                                \
  } while (0)
#define CHECK(a) CHECK_EQ(!!(a), 1)
#define NEED(a)                                                          \
  do {                                                                   \
    if (!(a)) {                                                          \
      printf("FAILED line %d: %s: %s\n", __LINE__, #a, strerror(errno)); \
      exit(1);                                                           \
    }                                                                    \
  } while (0)

static int control; /* /dev/hyprobe */

static void open_control(void) {
  NEED((control = open("/dev/hyprobe", O_RDWR | O_NONBLOCK)) >= 0);
}

struct probes {
  uint8_t* bytes;
  uint32_t size, count;
};

static void add(struct probes* p, uint32_t id, uint32_t kind, uint64_t address, uint32_t number,
                const char* text, uint32_t flags) {
  uint32_t length = text ? (uint32_t)strlen(text) : 0;
  struct hp_attach a = {.size = (sizeof(a) + length + 7) / 8 * 8,
                        .probe = id,
                        .kind = kind,
                        .flags = flags,
                        .address = address,
                        .number = number,
                        .text = length};

  NEED((p->bytes = realloc(p->bytes, p->size + a.size)));
  memset(p->bytes + p->size, 0, a.size);
  memcpy(p->bytes + p->size, &a, sizeof(a));
  if (length) memcpy(p->bytes + p->size + sizeof(a), text, length);
  p->size += a.size;
  p->count++;
}

static void clear(struct probes* p) {
  free(p->bytes);
  *p = (struct probes){0};
}

/* Programs are known by one byte here. The results of these are 0 or -errno. */
static uint32_t failed_index;
static int attach(uint8_t program, const struct probes* p) {
  struct hp_ioc_attach a = {
      .ident = {program}, .probes = (uintptr_t)p->bytes, .size = p->size, .count = p->count};
  int err = ioctl(control, HP_IOC_ATTACH, &a) ? -errno : 0;

  failed_index = a.failed;
  return err;
}
static int commit(uint8_t program) {
  struct hp_ioc_program p = {.ident = {program}};
  return ioctl(control, HP_IOC_COMMIT, &p) ? -errno : 0;
}
static int detach(uint8_t program) {
  struct hp_ioc_program p = {.ident = {program}};
  return ioctl(control, HP_IOC_DETACH, &p) ? -errno : 0;
}

static struct hp_ioc_info info(void) {
  struct hp_ioc_info i;

  NEED(!ioctl(control, HP_IOC_INFO, &i));
  return i;
}
static uint64_t fired(void) {
  return info().fired;
}

/* One probe, attached and committed as program 1. */
static void enable(uint32_t kind, uint64_t address, uint32_t number, const char* text,
                   uint32_t flags) {
  struct probes p = {0};

  add(&p, 7, kind, address, number, text, flags);
  CHECK_EQ(attach(1, &p), 0);
  CHECK_EQ(commit(1), 0);
  clear(&p);
}

/* The address of a kernel symbol; 0: there is none. */
static uint64_t symbol(const char* name) {
  FILE* f = fopen("/proc/kallsyms", "r");
  unsigned long long address, found = 0;
  char line[512], n[256], t;

  NEED(f);
  while (!found && fgets(line, sizeof(line), f))
    if (sscanf(line, "%llx %c %255s", &address, &t, n) == 3 && !strcmp(n, name)) found = address;
  fclose(f);
  return found;
}
#endif
