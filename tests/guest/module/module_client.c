#include "module_client.h"

int failures;
int control;
uint32_t failed_index;

void open_control(void) {
  NEED((control = open("/dev/hyprobe", O_RDWR | O_NONBLOCK)) >= 0);
}

void add(struct probes* p, uint32_t id, uint32_t kind, uint64_t address, uint32_t number,
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

void clear(struct probes* p) {
  free(p->bytes);
  *p = (struct probes){0};
}

int attach(uint8_t program, const struct probes* p) {
  struct hp_ioc_attach a = {
      .ident = {program}, .probes = (uintptr_t)p->bytes, .size = p->size, .count = p->count};
  int err = ioctl(control, HP_IOC_ATTACH, &a) ? -errno : 0;

  failed_index = a.failed;
  return err;
}

int commit(uint8_t program) {
  struct hp_ioc_program p = {.ident = {program}};
  return ioctl(control, HP_IOC_COMMIT, &p) ? -errno : 0;
}

int detach(uint8_t program) {
  struct hp_ioc_program p = {.ident = {program}};
  return ioctl(control, HP_IOC_DETACH, &p) ? -errno : 0;
}

struct hp_ioc_info info(void) {
  struct hp_ioc_info i;

  NEED(!ioctl(control, HP_IOC_INFO, &i));
  return i;
}

uint64_t fired(void) {
  return info().fired;
}

void enable(uint32_t kind, uint64_t address, uint32_t number, const char* text, uint32_t flags) {
  struct probes p = {0};

  add(&p, 7, kind, address, number, text, flags);
  CHECK_EQ(attach(1, &p), 0);
  CHECK_EQ(commit(1), 0);
  clear(&p);
}

uint64_t symbol(const char* name) {
  FILE* f = fopen("/proc/kallsyms", "r");
  unsigned long long address, found = 0;
  char line[512], n[256], t;

  NEED(f);
  while (!found && fgets(line, sizeof(line), f))
    if (sscanf(line, "%llx %c %255s", &address, &t, n) == 3 && !strcmp(n, name)) found = address;
  fclose(f);
  return found;
}

int attach_one(uint32_t id, uint32_t kind, uint64_t address, uint32_t number, const char* text,
               uint32_t flags) {
  struct probes p = {0};
  int err;

  add(&p, id, kind, address, number, text, flags);
  err = attach(1, &p);
  clear(&p);
  return err;
}
