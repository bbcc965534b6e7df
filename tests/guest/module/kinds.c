#include <signal.h>
#include <sys/syscall.h>

#include "calls.h"
#include "module_client.h"
#include "parts.h"

static volatile unsigned short semaphore __attribute__((section(".probes")));

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

/* Probes on what firing itself calls: what a firing reaches is not the guest's and does not nest. (A breakpoint's
 * handler looks like an NMI: there such calls are counted as missed.) */
static void own_tools(void) {
  static const char* const names[] = {"stack_trace_save", "unwind_next_frame", "sched_clock_cpu",
                                      "arch_stack_walk", "__unwind_start"};
  uint64_t before = fired();
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
  CHECK(fired() - before >= 100);
  clear(&p);
}

void kinds(void) {
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
