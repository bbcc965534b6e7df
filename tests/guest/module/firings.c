#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "calls.h"
#include "module_client.h"
#include "parts.h"

struct firing_answer { /* of tests/rig/firing_host.cpp */
  uint64_t count;
  struct hp_probe_page page;
};

/* A message there and what comes back. */
static size_t talk(const void* message, size_t size, void* answer, size_t room) {
  struct pollfd fd = {.fd = control, .events = POLLIN};
  ssize_t n;

  NEED(write(control, message, size) == (ssize_t)size);
  NEED(poll(&fd, 1, 30000) == 1);
  NEED((n = read(control, answer, room)) >= 0);
  return (size_t)n;
}

static struct firing_answer last(uint32_t id) {
  struct firing_answer a;

  NEED(talk(&id, sizeof(id), &a, sizeof(a)) == sizeof(a));
  return a;
}

static void messages(void) {
  static char out[HP_MSG_MAX + 1], in[HP_MSG_MAX];

  for (size_t size = 1; size <= HP_MSG_MAX; size = size * 3 + 5) {
    memset(out, (int)size, size);
    CHECK_EQ(talk(out, size, in, sizeof(in)), size);
    CHECK_EQ(memcmp(in, out, size), 0);
  }
  CHECK_EQ(talk(out, HP_MSG_MAX, in, sizeof(in)), HP_MSG_MAX);
  CHECK_EQ(write(control, out, sizeof(out)), -1);
  CHECK_EQ(errno, EMSGSIZE);
  CHECK_EQ(read(control, in, sizeof(in)), -1);
  CHECK_EQ(errno, EAGAIN);

  /* A message waits for a read that it fits into. */
  NEED(write(control, out, 100) == 100);
  NEED(poll(&(struct pollfd){.fd = control, .events = POLLIN}, 1, 30000) == 1);
  CHECK_EQ(read(control, in, 99), -1);
  CHECK_EQ(errno, EMSGSIZE);
  CHECK_EQ(read(control, in, 100), 100);

  /* More than there are buffers, before any answer is read. */
  for (uint32_t i = 0; i < 40; i++) {
    NEED(poll(&(struct pollfd){.fd = control, .events = POLLOUT}, 1, 30000) == 1);
    memset(out, (int)i, 1000 + i);
    NEED(write(control, out, 1000 + i) == (ssize_t)(1000 + i));
  }
  for (uint32_t i = 0; i < 40; i++) {
    NEED(poll(&(struct pollfd){.fd = control, .events = POLLIN}, 1, 30000) == 1);
    CHECK_EQ(read(control, in, sizeof(in)), 1000 + i);
    CHECK_EQ(in[0], i);
  }
}

/* What every page of a firing in this thread says. */
static void check_identity(const struct firing_answer* a, uint32_t id) {
  const struct hp_probe_page* p = &a->page;

  CHECK_EQ(p->magic, HP_PROBE_MAGIC);
  CHECK_EQ(p->version, HP_ABI_VERSION);
  CHECK_EQ(p->probe, id);
  CHECK_EQ(p->pid, getpid());
  CHECK_EQ(p->tid, syscall(SYS_gettid));
  CHECK_EQ(p->ppid, getppid());
  CHECK_EQ(p->uid, 1234);
  CHECK_EQ(p->gid, 4321);
  CHECK_EQ(strncmp(p->comm, "module_test", sizeof(p->comm)), 0);
  CHECK(p->task >> 47);
  CHECK(p->start > 0 && p->start < (uint64_t)(now() * 1e9));
  CHECK(p->cputime > 0 && p->cputime < (uint64_t)(now() * 1e9));
  CHECK(p->args_start < p->args_end && p->args_end - p->args_start < 4096);
  CHECK_EQ(memcmp((const char*)p->args_start, "module_test", 11) &&
               memcmp((const char*)p->args_start, "/", 1),
           0);
  CHECK_EQ(p->vcpu, p->spare[0]);
  CHECK_EQ(p->vcpu, sched_getcpu());
}

/* Rings once for `call`, and gives what the host has of it. */
static struct firing_answer one(uint32_t kind, uint64_t address, uint32_t number, const char* text,
                                uint32_t flags, void (*call)(void)) {
  static uint32_t id = 1000;
  struct firing_answer a;
  struct probes p = {0};

  add(&p, ++id, kind, address, number, text, flags);
  CHECK_EQ(attach(1, &p), 0);
  CHECK_EQ(commit(1), 0);
  call();
  CHECK_EQ(detach(1), 0);
  clear(&p);
  a = last(id);
  if (a.count != 1) printf("probe of kind %u, %s: ", kind, text ? text : "");
  CHECK_EQ(a.count, 1);
  check_identity(&a, id);
  return a;
}

static void call_getppid(void) {
  syscall(SYS_getppid, 11, 12, 13, 14, 15, 16);
}
static void call_failing(void) {
  close(12345);
}
static void call_kill(void) {
  kill(getpid(), SIGUSR1);
}
static void call_one_marked(void) {
  marked(7);
}
static void call_mmap(void) {
  static char program[] = "/proc/self/exe";
  int fd = open(program, O_RDONLY);

  NEED(mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 3 * 4096) != MAP_FAILED);
  close(fd);
}

static void check_stack(const struct hp_probe_page* p, const char* caller) {
  uint64_t start = symbol(caller);

  CHECK_EQ(p->flags & HP_PROBE_STACK, HP_PROBE_STACK);
  CHECK(p->nstack >= 2 && p->nstack <= HP_PROBE_FRAMES);
  for (uint32_t i = 0; i < 3 && i < p->nstack; i++)
    if (p->stack[i] >= start && p->stack[i] < start + 4096) return;
  printf("FAILED: %s is not at the top of the stack: %#llx %#llx %#llx\n", caller,
         (long long)p->stack[0], (long long)p->stack[1], (long long)p->stack[2]);
  failures++;
}

static void pages(void) {
  uint64_t getppid_call = symbol("__x64_sys_getppid"), do_mmap = symbol("do_mmap");
  uint32_t all = HP_ATTACH_STACK | HP_ATTACH_UREGS;
  struct firing_answer a;
  uint32_t offset;

  a = one(HP_KIND_SYSCALL_ENTRY, 0, SYS_getppid, NULL, all, call_getppid);
  for (uint64_t i = 0; i < 6; i++) CHECK_EQ(a.page.args[i], 11 + i);
  CHECK_EQ(a.page.args[6], 0);
  CHECK_EQ(a.page.flags, HP_PROBE_STACK | HP_PROBE_UREGS);
  CHECK_EQ(a.page.uregs[15], SYS_getppid); /* orig_ax */
  CHECK_EQ(a.page.uregs[14], 11);          /* di */
  CHECK_EQ(a.page.uregs[16], a.page.pc);
  CHECK_EQ(a.page.uregs[19], a.page.user_stack);
  CHECK(a.page.user_stack > (uint64_t)&a - (1 << 16) &&
        a.page.user_stack < (uint64_t)&a + (1 << 16));

  a = one(HP_KIND_SYSCALL_RETURN, 0, SYS_getppid, NULL, 0, call_getppid);
  CHECK_EQ(a.page.args[0], getppid());
  CHECK_EQ(a.page.args[1], getppid());
  CHECK_EQ(a.page.err, 0);
  CHECK_EQ(a.page.flags, HP_PROBE_RETURN);
  a = one(HP_KIND_SYSCALL_RETURN, 0, SYS_close, NULL, 0, call_failing);
  CHECK_EQ(a.page.args[1], -1);
  CHECK_EQ(a.page.err, EBADF);

  a = one(HP_KIND_TRACEPOINT, 0, 5, "signal_generate", all, call_kill);
  CHECK_EQ((int)a.page.args[0], SIGUSR1);
  CHECK_EQ(a.page.args[2], a.page.task); /* to whom */
  CHECK_EQ((int)a.page.args[4], 1);      /* TRACE_SIGNAL_IGNORED */
  CHECK(a.page.kernel_pc >> 47);
  check_stack(&a.page,
              symbol("__send_signal_locked") ? "__send_signal_locked" : "send_signal_locked");

  a = one(HP_KIND_FUNCTION_ENTRY, getppid_call, 0, "__x64_sys_getppid", all, call_getppid);
  CHECK(a.page.args[0] >> 47); /* struct pt_regs */
  CHECK_EQ(a.page.kernel_pc, getppid_call);
  CHECK(a.page.stack[0] >= getppid_call && a.page.stack[0] < getppid_call + 16);
  check_stack(&a.page, "do_syscall_64");
  a = one(HP_KIND_FUNCTION_RETURN, getppid_call, 0, "__x64_sys_getppid", all, call_getppid);
  CHECK_EQ(a.page.args[0], 0);
  CHECK_EQ(a.page.args[1], getppid());
  CHECK_EQ(a.page.flags, HP_PROBE_RETURN | HP_PROBE_STACK | HP_PROBE_UREGS);
  check_stack(&a.page, "do_syscall_64");
  a = one(HP_KIND_FUNCTION_ENTRY, do_mmap, 0, "do_mmap", 0, call_mmap);
  CHECK_EQ(a.page.args[2], 8192);
  offset = a.page.args[5] == 3 ? 5 : 6; /* since 6.6 there is one more before it */
  CHECK_EQ(a.page.args[offset], 3);
  CHECK(a.page.args[offset + 1] >> 47); /* a pointer to a variable of the caller's */

  a = one(HP_KIND_USER_ENTRY, file_offset((const void*)marked), 0, "/proc/self/exe", all,
          call_one_marked);
  CHECK_EQ(a.page.args[0], 7);
  CHECK_EQ(a.page.pc, (uintptr_t)marked);
  CHECK_EQ(a.page.flags, HP_PROBE_USER | HP_PROBE_UREGS);
  a = one(HP_KIND_USER_RETURN, file_offset((const void*)marked), 0, "/proc/self/exe", 0,
          call_one_marked);
  CHECK_EQ(a.page.args[1], 21);
  CHECK_EQ(a.page.flags, HP_PROBE_USER | HP_PROBE_RETURN);
}

/* Stays on one CPU; every CPU's turn. */
void firings(void) {
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);

  CHECK(info().doorbell);
  signal(SIGUSR1, SIG_IGN);
  messages();
  /* The effective ones stay root's. */
  NEED(!syscall(SYS_setresgid, 4321, 0, 0) && !syscall(SYS_setresuid, 1234, 0, 0));
  for (long cpu = 0; cpu < cpus; cpu++) {
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    NEED(!sched_setaffinity(0, sizeof(set), &set));
    pages();
  }
  CHECK_EQ(info().missed, 0);
}
