/* What hyprobe.ko does, seen from inside the guest: loaded with doorbell=none it counts the firings that it would
 * ring for, so known numbers of calls must give known counts. Run as root, alone in its guest.
 *
 *     module_test kinds | errors | module NAME.ko TRACEPOINT FUNCTION | many COUNT | load SECONDS */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "module_client.h"

static void getppids(int n) {
  while (n--) syscall(SYS_getppid);
}
/* The same number by the gate of 32-bit programs, where it is another call. */
static void compat_calls(int n) {
  while (n--) {
    long rax = SYS_getppid;
    asm volatile("int $0x80" : "+a"(rax) : "b"(0) : "memory", "r8", "r9", "r10", "r11");
  }
}

__attribute__((noinline)) long marked(long a) {
  asm volatile("" ::: "memory");
  return a * 3;
}
static volatile unsigned short semaphore __attribute__((section(".probes")));

/* The offset in this program's file of something of it that is mapped. */
static uint64_t file_offset(const void* of) {
  FILE* f = fopen("/proc/self/maps", "r");
  unsigned long long start, end, offset, found = 0;
  char line[512];

  NEED(f);
  while (!found && fgets(line, sizeof(line), f))
    if (sscanf(line, "%llx-%llx %*s %llx", &start, &end, &offset) == 3 && (uintptr_t)of >= start &&
        (uintptr_t)of < end)
      found = (uintptr_t)of - start + offset;
  fclose(f);
  NEED(found);
  return found;
}

static void in_child(void (*f)(int), int n) {
  pid_t child = fork();
  int status;

  NEED(child >= 0);
  if (!child) {
    f(n);
    _exit(0);
  }
  NEED(waitpid(child, &status, 0) == child);
  CHECK_EQ(status, 0);
}

/* --- kinds --- */

static void system_calls(void) {
  uint64_t before = fired();
  struct probes p = {0};

  add(&p, 1, HP_KIND_SYSCALL_ENTRY, 0, SYS_getppid, NULL, HP_ATTACH_STACK | HP_ATTACH_UREGS);
  CHECK_EQ(attach(1, &p), 0);
  getppids(100);
  CHECK_EQ(fired() - before, 0); /* silent */
  CHECK_EQ(commit(1), 0);
  getppids(100);
  CHECK_EQ(fired() - before, 100);
  compat_calls(50);
  CHECK_EQ(fired() - before, 100);

  /* A second program with the same probe and one more. */
  add(&p, 2, HP_KIND_SYSCALL_RETURN, 0, SYS_getppid, NULL, 0);
  CHECK_EQ(attach(2, &p), 0);
  CHECK_EQ(info().programs, 2);
  CHECK_EQ(info().probes, 2);
  getppids(10);
  CHECK_EQ(fired() - before, 110);
  CHECK_EQ(commit(2), 0);
  getppids(10);
  CHECK_EQ(fired() - before, 130);
  CHECK_EQ(detach(1), 0); /* the first probe stays with the second program */
  CHECK_EQ(info().probes, 2);
  getppids(10);
  CHECK_EQ(fired() - before, 150);
  CHECK_EQ(detach(2), 0);
  getppids(10);
  CHECK_EQ(fired() - before, 150);
  CHECK_EQ(info().probes, 0);
  clear(&p);
}

static void survives_close(void) {
  uint64_t before = fired();

  enable(HP_KIND_SYSCALL_ENTRY, 0, SYS_getppid, NULL, 0);
  close(control);
  getppids(20);
  open_control();
  CHECK_EQ(fired() - before, 20);
  CHECK_EQ(detach(1), 0);
}

static void kernel_tracepoints(void) {
  uint64_t before;

  signal(SIGUSR1, SIG_IGN);
  enable(HP_KIND_TRACEPOINT, 0, 6, "signal_generate", HP_ATTACH_STACK);
  before = fired();
  for (int i = 0; i < 25; i++) kill(getpid(), SIGUSR1);
  CHECK_EQ(fired() - before, 25);
  CHECK_EQ(detach(1), 0);
  enable(HP_KIND_TRACEPOINT, 0, 2, "signal_generate", 0);
  for (int i = 0; i < 5; i++) kill(getpid(), SIGUSR1);
  CHECK_EQ(fired() - before, 30);
  CHECK_EQ(detach(1), 0);
}

static void functions(void) {
  uint64_t getppid_call = symbol("__x64_sys_getppid"), before = fired();
  struct probes p = {0};

  NEED(getppid_call);
  enable(HP_KIND_FUNCTION_ENTRY, getppid_call, 0, "__x64_sys_getppid",
         HP_ATTACH_STACK | HP_ATTACH_UREGS);
  getppids(100);
  CHECK_EQ(fired() - before, 100);
  CHECK_EQ(detach(1), 0);
  getppids(100);
  CHECK_EQ(fired() - before, 100);
  enable(HP_KIND_FUNCTION_RETURN, getppid_call, 0, "__x64_sys_getppid", HP_ATTACH_STACK);
  getppids(100);
  CHECK_EQ(fired() - before, 200);
  CHECK_EQ(detach(1), 0);

  /* Two ids at one address (symbols that are aliases), with an entry and a return beside each other. */
  add(&p, 1, HP_KIND_FUNCTION_ENTRY, getppid_call, 0, "a", 0);
  CHECK_EQ(attach(1, &p), 0);
  add(&p, 2, HP_KIND_FUNCTION_ENTRY, getppid_call, 0, "b", 0);
  add(&p, 3, HP_KIND_FUNCTION_RETURN, getppid_call, 0, "b", 0);
  CHECK_EQ(attach(2, &p), 0);
  CHECK_EQ(commit(2), 0);
  CHECK_EQ(commit(1), 0);
  before = fired();
  getppids(10);
  CHECK_EQ(fired() - before, 30);
  CHECK_EQ(detach(1), 0);
  getppids(10);
  CHECK_EQ(fired() - before, 60);
  CHECK_EQ(detach(2), 0);
  getppids(10);
  CHECK_EQ(fired() - before, 60);
  clear(&p);
}

static void call_marked(int n) {
  while (n--) marked(n);
}

static void user_programs(void) {
  uint64_t at = file_offset((const void*)marked), before = fired();
  struct hp_attach* a;
  struct probes p = {0};

  enable(HP_KIND_USER_ENTRY, at, 0, "/proc/self/exe", HP_ATTACH_UREGS);
  call_marked(50);
  CHECK_EQ(fired() - before, 50);
  in_child(call_marked, 10);
  CHECK_EQ(fired() - before, 60);
  CHECK_EQ(detach(1), 0);
  call_marked(50);
  CHECK_EQ(fired() - before, 60);
  enable(HP_KIND_USER_RETURN, at, 0, "/proc/self/exe", 0);
  call_marked(50);
  CHECK_EQ(fired() - before, 110);
  CHECK_EQ(detach(1), 0);

  for (int kind = HP_KIND_USER_ENTRY; kind <= HP_KIND_USER_RETURN; kind++) { /* this process only */
    before = fired();
    enable(kind, at, getpid(), "/proc/self/exe", 0);
    call_marked(5);
    in_child(call_marked, 10);
    CHECK_EQ(fired() - before, 5);
    call_marked(5);
    CHECK_EQ(fired() - before, 10);
    CHECK_EQ(detach(1), 0);
  }

  CHECK_EQ(semaphore, 0);
  add(&p, 1, HP_KIND_USER_ENTRY, at, 0, "/proc/self/exe", 0);
  a = (struct hp_attach*)p.bytes;
  a->extra = file_offset((const void*)&semaphore);
  CHECK_EQ(attach(1, &p), 0);
  CHECK_EQ(semaphore, 1);
  CHECK_EQ(detach(1), 0);
  CHECK_EQ(semaphore, 0);
  clear(&p);
}

static double now(void) {
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void profiles(void) {
  for (uint32_t everywhere = 0; everywhere <= 1; everywhere++) {
    uint64_t before = fired();
    double deadline = now() + 20;

    enable(HP_KIND_PROFILE, 1000000, everywhere, NULL, HP_ATTACH_STACK | HP_ATTACH_UREGS);
    while (fired() - before < 50 && now() < deadline) getppids(10);
    CHECK(fired() - before >= 50);
    CHECK_EQ(detach(1), 0);
    before = fired();
    for (deadline = now() + 0.2; now() < deadline;) getppids(10);
    CHECK_EQ(fired() - before, 0);
  }
}

/* Probes on what firing itself calls: firings inside firings are counted as missed, and that is all. */
static void own_tools(void) {
  static const char* const names[] = {"stack_trace_save", "unwind_next_frame", "sched_clock_cpu",
                                      "arch_stack_walk", "__unwind_start"};
  struct hp_ioc_info before = info(), after;
  struct probes p = {0};

  for (uint32_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
    uint64_t address = symbol(names[i]);

    if (!address) continue;
    add(&p, 10 + 2 * i, HP_KIND_FUNCTION_ENTRY, address, 0, names[i], HP_ATTACH_STACK);
    if (attach(1, &p)) printf("note: %s has no entry probe\n", names[i]);
    clear(&p);
    add(&p, 11 + 2 * i, HP_KIND_FUNCTION_RETURN, address, 0, names[i], HP_ATTACH_STACK);
    if (attach(1, &p)) printf("note: %s has no return probe\n", names[i]);
    clear(&p);
  }
  add(&p, 1, HP_KIND_SYSCALL_ENTRY, 0, SYS_getppid, NULL, HP_ATTACH_STACK);
  CHECK_EQ(attach(1, &p), 0);
  CHECK_EQ(commit(1), 0);
  getppids(100);
  CHECK_EQ(detach(1), 0);
  after = info();
  CHECK(after.fired - before.fired >= 100);
  CHECK(after.missed > before.missed);
  clear(&p);
}

static void kinds(void) {
  uint64_t missed = info().missed;

  CHECK_EQ(info().abi, HP_ABI_VERSION);
  CHECK_EQ(info().doorbell, 0);
  CHECK_EQ(info().text_start, symbol("_text"));
  system_calls();
  survives_close();
  kernel_tracepoints();
  functions();
  user_programs();
  profiles();
  CHECK_EQ(info().missed, missed);
  own_tools();
  CHECK_EQ(info().programs, 0);
  CHECK_EQ(info().probes, 0);
}

/* --- errors --- */

static int attach_one(uint32_t id, uint32_t kind, uint64_t address, uint32_t number,
                      const char* text, uint32_t flags) {
  struct probes p = {0};
  int err;

  add(&p, id, kind, address, number, text, flags);
  err = attach(1, &p);
  clear(&p);
  return err;
}

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

static void errors(void) {
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

/* --- a kernel module that leaves while it is probed --- */

static void of_module(const char* file, const char* tracepoint, const char* function) {
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

/* --- many functions at once --- */

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

static void many(uint32_t wanted) {
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

/* --- work while the module goes; it is started with all kinds of probes ringing and goes on after --- */

static void load(int seconds) {
  static const char* const entries[] = {"vfs_read", "__alloc_pages", "schedule", "kfree", "dput"};
  static const char* const returns[] = {"vfs_read", "vfs_write", "do_wait", "dput"};
  static const char* const points[] = {"sched_switch", "sched_wakeup", "kmem_cache_free", "kmalloc",
                                       "sys_enter"};
  struct probes p = {0};
  uint32_t id = 1;

  for (uint32_t n = 0; n < 400; n++) {
    add(&p, id++, HP_KIND_SYSCALL_ENTRY, 0, n, NULL, HP_ATTACH_UREGS);
    add(&p, id++, HP_KIND_SYSCALL_RETURN, 0, n, NULL, HP_ATTACH_STACK);
  }
  for (uint32_t i = 0; i < 5; i++) {
    if (symbol(entries[i]))
      add(&p, id++, HP_KIND_FUNCTION_ENTRY, symbol(entries[i]), 0, entries[i], HP_ATTACH_STACK);
    add(&p, id++, HP_KIND_TRACEPOINT, 0, 4, points[i], 0);
  }
  for (uint32_t i = 0; i < 4; i++)
    add(&p, id++, HP_KIND_FUNCTION_RETURN, symbol(returns[i]), 0, returns[i], HP_ATTACH_STACK);
  add(&p, id++, HP_KIND_USER_ENTRY, file_offset((const void*)marked), 0, "/proc/self/exe", 0);
  add(&p, id++, HP_KIND_USER_RETURN, file_offset((const void*)marked), 0, "/proc/self/exe", 0);
  add(&p, id++, HP_KIND_PROFILE, 500000, 1, NULL, HP_ATTACH_STACK);
  CHECK_EQ(attach(1, &p), 0);
  for (int i = 0; i < 3; i++) {
    if (fork()) continue;
    close(control);
    for (double end = now() + seconds; now() < end;) {
      char bytes[64];
      int fd = open("/proc/self/stat", O_RDONLY);

      if (read(fd, bytes, sizeof(bytes)) < 0) _exit(1);
      close(fd);
      call_marked(100);
      sched_yield();
      in_child(call_marked, 10);
    }
    _exit(0);
  }
  CHECK_EQ(commit(1), 0);
  for (uint64_t before = fired(); fired() - before < 20000;) getppids(10);
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";

  setvbuf(stdout, NULL, _IOLBF, 0);
  open_control();
  if (!strcmp(what, "kinds"))
    kinds();
  else if (!strcmp(what, "errors"))
    errors();
  else if (!strcmp(what, "module") && argc == 5)
    of_module(argv[2], argv[3], argv[4]);
  else if (!strcmp(what, "many") && argc == 3)
    many(atoi(argv[2]));
  else if (!strcmp(what, "load") && argc == 3)
    load(atoi(argv[2]));
  else
    return fprintf(stderr, "module_test: what?\n"), 2;
  printf("%s: %d failed\n", what, failures);
  return failures != 0;
}
