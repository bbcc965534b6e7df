#include <sys/syscall.h>

#include "calls.h"
#include "module_client.h"
#include "parts.h"

/* The same description with one field wrong. */
static int attach_bent(void (*bend)(struct hp_ioc_attach*, struct hp_attach*)) {
  struct probes p = {0};
  struct hp_ioc_attach call;
  int err;

  add(&p, 1, HP_KIND_TRACEPOINT, 0, 1, "sched_switch", 0);
  call = (struct hp_ioc_attach){
      .ident = {1}, .probes = (uintptr_t)p.bytes, .size = p.size, .count = p.count};
  bend(&call, (struct hp_attach*)p.bytes);
  err = ioctl(control, HP_IOC_ATTACH, &call) ? -errno : 0;
  clear(&p);
  return err;
}
static void bend_nothing(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)c, (void)a;
}
static void bend_size(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)c, a->size -= 4;
}
static void bend_small(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)c, a->size = 0;
}
static void bend_large(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)c, a->size += 8;
}
static void bend_text(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)c, a->text = 0xfffffff0;
}
static void bend_nul(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)c, a->text += 1;
}
static void bend_kind(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)c, a->kind = 99;
}
static void bend_kind_0(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)c, a->kind = 0;
}
static void bend_id_0(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)c, a->probe = 0;
}
static void bend_id(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)c, a->probe = HP_TRACE_PROBES;
}
static void bend_flags(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)c, a->flags = 16;
}
static void bend_count(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)a, c->count = 2;
}
static void bend_no_count(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)a, c->count = 0;
}
static void bend_total(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)a, c->size = 0xffffffff;
}
static void bend_reserved(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)a, c->reserved = 1;
}
static void bend_pointer(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)a, c->probes = 8;
}
static void bend_kernel(struct hp_ioc_attach* c, struct hp_attach* a) {
  (void)a, c->probes = 0xffffffff81000000;
}

static void descriptions(void) {
  static void (*const bends[])(struct hp_ioc_attach*, struct hp_attach*) = {
      bend_size, bend_small, bend_large, bend_text,     bend_nul,   bend_kind,    bend_kind_0,
      bend_id_0, bend_id,    bend_flags, bend_no_count, bend_total, bend_reserved};

  CHECK_EQ(attach_bent(bend_nothing), 0);
  CHECK_EQ(detach(1), 0);
  for (unsigned i = 0; i < sizeof(bends) / sizeof(*bends); i++) {
    int err = attach_bent(bends[i]);
    if (err != -EINVAL) printf("bend %u: ", i);
    CHECK_EQ(err, -EINVAL);
  }
  CHECK_EQ(attach_bent(bend_count), -EINVAL);
  CHECK_EQ(attach_bent(bend_pointer), -EFAULT);
  CHECK_EQ(attach_bent(bend_kernel), -EFAULT);
  CHECK_EQ(attach_one(1, HP_KIND_SYSCALL_ENTRY, 0, 1u << 30, NULL, 0), -EINVAL);
  CHECK_EQ(attach_one(1, HP_KIND_TRACEPOINT, 0, 11, "sched_switch", 0), -EINVAL);
  CHECK_EQ(attach_one(1, HP_KIND_PROFILE, 99999, 1, NULL, 0), -EINVAL);
  CHECK_EQ(attach_one(1, HP_KIND_PROFILE, ~0ull, 1, NULL, 0), -EINVAL);
  CHECK_EQ(attach_one(1, HP_KIND_USER_ENTRY, 0x1000, 0, "relative", 0), -EINVAL);
}

static void missing(void) {
  uint64_t inside = symbol("__x64_sys_getppid") + 1;

  CHECK_EQ(attach_one(1, HP_KIND_TRACEPOINT, 0, 1, "no_such_tracepoint", 0), -ENOENT);
  CHECK_EQ(attach_one(1, HP_KIND_USER_ENTRY, 0x1000, 0, "/no/such/file", 0), -ENOENT);
  CHECK_EQ(attach_one(1, HP_KIND_USER_ENTRY, 0x1000, 0, "/proc", 0), -EINVAL);
  CHECK_EQ(attach_one(1, HP_KIND_USER_ENTRY, 0x1000, 0x7ffffff0, "/proc/self/exe", 0), -ESRCH);
  CHECK(attach_one(1, HP_KIND_FUNCTION_ENTRY, 1, 0, "nowhere", 0) < 0);
  CHECK(attach_one(1, HP_KIND_FUNCTION_ENTRY, inside, 0, "not an instruction", 0) < 0);
  CHECK(attach_one(1, HP_KIND_FUNCTION_RETURN, inside, 0, "not an entry", 0) < 0);
  CHECK(attach_one(1, HP_KIND_FUNCTION_ENTRY, symbol("jiffies"), 0, "data", 0) < 0);
  CHECK(attach_one(1, HP_KIND_FUNCTION_ENTRY, symbol("exc_int3"), 0, "blacklisted", 0) < 0);
  CHECK(attach_one(1, HP_KIND_FUNCTION_RETURN, symbol("exc_int3"), 0, "blacklisted", 0) < 0);
  CHECK_EQ(attach_one(1, HP_KIND_FUNCTION_ENTRY, symbol("hp_fire_begin"), 0, "own", 0), -EPERM);
  CHECK_EQ(attach_one(1, HP_KIND_FUNCTION_RETURN, symbol("hp_program_attach"), 0, "own", 0),
           -EPERM);
}

static void all_or_nothing(void) {
  uint64_t before = fired(), getppid_call = symbol("__x64_sys_getppid");
  struct probes p = {0};

  add(&p, 1, HP_KIND_SYSCALL_ENTRY, 0, SYS_getppid, NULL, 0);
  add(&p, 2, HP_KIND_FUNCTION_ENTRY, getppid_call, 0, "a", 0);
  add(&p, 3, HP_KIND_FUNCTION_RETURN, getppid_call, 0, "a", 0);
  add(&p, 4, HP_KIND_TRACEPOINT, 0, 2, "no_such_tracepoint", 0);
  add(&p, 5, HP_KIND_PROFILE, 1000000, 1, NULL, 0);
  CHECK_EQ(attach(1, &p), -ENOENT);
  CHECK_EQ(failed_index, 3);
  CHECK_EQ(info().probes, 0);
  CHECK_EQ(info().programs, 0);
  CHECK_EQ(commit(1), -ENOENT);
  getppids(10);
  CHECK_EQ(fired() - before, 0);
  clear(&p);

  /* What the program had before a call that fails stays. */
  enable(HP_KIND_SYSCALL_ENTRY, 0, SYS_getppid, NULL, 0);
  add(&p, 7, HP_KIND_SYSCALL_ENTRY, 0, SYS_getppid, NULL, 0);
  add(&p, 8, HP_KIND_SYSCALL_RETURN, 0, SYS_getppid, NULL, 0);
  CHECK_EQ(attach(1, &p), 0); /* again: no change; and one more, silent until committed */
  getppids(10);
  CHECK_EQ(fired() - before, 10);
  add(&p, 9, HP_KIND_USER_ENTRY, 1, 0, "/no/such/file", 0);
  CHECK_EQ(attach(1, &p), -ENOENT);
  CHECK_EQ(failed_index, 2);
  CHECK_EQ(info().probes, 2);
  CHECK_EQ(attach_one(7, HP_KIND_SYSCALL_ENTRY, 0, SYS_getpid, NULL, 0), -EEXIST);
  getppids(10);
  CHECK_EQ(fired() - before, 20);
  CHECK_EQ(detach(1), 0);
  CHECK_EQ(info().probes, 0);
  clear(&p);
}

static void listing(void) {
  struct hp_ioc_program p = {.probes = 0};
  struct probes none = {0};

  CHECK_EQ(attach(3, &none), 0); /* a program with nothing in it */
  enable(HP_KIND_SYSCALL_ENTRY, 0, SYS_getppid, NULL, 0);
  CHECK_EQ(ioctl(control, HP_IOC_PROGRAM, &p), 0);
  CHECK_EQ(p.ident[0], 3);
  CHECK_EQ(p.committed, 0);
  CHECK_EQ(p.probes, 0);
  p.probes = 1;
  CHECK_EQ(ioctl(control, HP_IOC_PROGRAM, &p), 0);
  CHECK_EQ(p.ident[0], 1);
  CHECK_EQ(p.committed, 1);
  CHECK_EQ(p.probes, 1);
  p.probes = 2;
  CHECK_EQ(ioctl(control, HP_IOC_PROGRAM, &p), -1);
  CHECK_EQ(errno, ENOENT);
  CHECK_EQ(detach(1), 0);
  CHECK_EQ(detach(3), 0);
}

void errors(void) {
  char byte = 0;

  CHECK_EQ(open("/dev/hyprobe", O_RDWR), -1);
  CHECK_EQ(errno, EBUSY);
  CHECK_EQ(ioctl(control, _IO('H', 99), 0), -1);
  CHECK_EQ(errno, ENOTTY);
  CHECK_EQ(ioctl(control, HP_IOC_INFO, 8), -1);
  CHECK_EQ(errno, EFAULT);
  CHECK_EQ(commit(9), -ENOENT);
  CHECK_EQ(detach(9), -ENOENT);
  CHECK_EQ(read(control, &byte, 1), -1); /* there is no trace device */
  CHECK_EQ(errno, ENODEV);
  CHECK_EQ(write(control, &byte, 1), -1);
  CHECK_EQ(errno, ENODEV);
  descriptions();
  missing();
  all_or_nothing();
  listing();
  CHECK_EQ(info().probes, 0);
  CHECK_EQ(info().programs, 0);
}
