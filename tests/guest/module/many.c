#include <sys/syscall.h>

#include "calls.h"
#include "module_client.h"
#include "parts.h"

void of_module(const char* file, const char* tracepoint, const char* function) {
  int fd = open(file, O_RDONLY);
  char name[64];
  uint64_t address;

  NEED(fd >= 0 && !syscall(SYS_finit_module, fd, "", 0));
  close(fd);
  NEED((address = symbol(function)));
  for (int i = 0; i < 2; i++) {
    struct probes p = {0};

    add(&p, 1, HP_KIND_TRACEPOINT, 0, 5, tracepoint, 0);
    add(&p, 2, HP_KIND_FUNCTION_ENTRY, address, 0, function, 0);
    add(&p, 3, HP_KIND_FUNCTION_RETURN, address, 0, function, 0);
    CHECK_EQ(attach(1 + i, &p), 0);
    CHECK_EQ(commit(1 + i), 0);
    clear(&p);
  }
  snprintf(name, sizeof(name), "%s", strrchr(file, '/') + 1);
  *strchr(name, '.') = 0;
  NEED(!syscall(SYS_delete_module, name, 0));
  CHECK_EQ(attach_one(9, HP_KIND_TRACEPOINT, 0, 5, tracepoint, 0), -ENOENT);
  CHECK_EQ(info().probes, 3); /* silent, until their holders let go */
  CHECK_EQ(detach(1), 0);
  CHECK_EQ(detach(2), 0);
  CHECK_EQ(info().probes, 0);
}

static uint32_t add_functions(struct probes* p, uint32_t wanted, const char* prefix,
                              uint32_t kind) {
  static char traceable[1 << 16][48];
  static uint32_t n;
  FILE* f = n ? NULL : fopen("/sys/kernel/tracing/available_filter_functions", "r");
  unsigned long long address;
  char line[512], name[256], t;
  uint32_t at = 0, id = 100;

  while (f && n < sizeof(traceable) / sizeof(*traceable) && fgets(line, sizeof(line), f))
    if (!strchr(line, '[') && sscanf(line, "%47s", traceable[n]) == 1) n++;
  if (f) fclose(f);
  NEED(n);
  /* Both lists are in the order of addresses. */
  NEED((f = fopen("/proc/kallsyms", "r")));
  while (fgets(line, sizeof(line), f) && id < 100 + wanted) {
    if (sscanf(line, "%llx %c %255s", &address, &t, name) != 3 || strchr(line, '[')) continue;
    for (uint32_t i = at; i < n && i < at + 400; i++)
      if (!strcmp(traceable[i], name)) {
        at = i + 1;
        if (!strncmp(name, prefix, strlen(prefix))) add(p, id++, kind, address, 0, name, 0);
        break;
      }
  }
  fclose(f);
  return id - 100;
}

/* Without those of the same names that cannot be traced. */
static int attach_most(struct probes* p) {
  int err;

  while ((err = attach(1, p)) && p->count > 1) {
    uint8_t* at = p->bytes;
    struct hp_attach* a = (struct hp_attach*)at;

    for (uint32_t i = 0; i < failed_index; i++) a = (struct hp_attach*)(at += a->size);
    printf("note: not %.*s: %s\n", (int)a->text, (char*)(a + 1), strerror(-err));
    p->size -= a->size;
    p->count--;
    memmove(at, at + a->size, p->size - (size_t)(at - p->bytes));
  }
  return err;
}

void many(uint32_t wanted) {
  struct {
    const char* what;
    const char* prefix;
    uint32_t kind, count;
  } turns[] = {{"entries", "", HP_KIND_FUNCTION_ENTRY, wanted},
               {"entries of tcp_", "tcp_", HP_KIND_FUNCTION_ENTRY, wanted},
               {"returns", "ext4_", HP_KIND_FUNCTION_RETURN, 200}};

  for (uint32_t i = 0; i < sizeof(turns) / sizeof(*turns); i++) {
    struct probes p = {0};
    uint32_t n = add_functions(&p, turns[i].count, turns[i].prefix, turns[i].kind);
    double t0 = now(), t1, t2;
    uint64_t before;

    CHECK(n > 100);
    CHECK_EQ(attach_most(&p), 0);
    t1 = now();
    before = fired();
    CHECK_EQ(commit(1), 0);
    in_child(getppids, 100);
    printf("note: %u %s fired %llu times\n", n, turns[i].what,
           (unsigned long long)(fired() - before));
    t2 = now();
    CHECK_EQ(detach(1), 0);
    printf("note: %u %s: attached in %.3f s, detached in %.3f s\n", n, turns[i].what, t1 - t0,
           now() - t2);
    clear(&p);
  }
}
