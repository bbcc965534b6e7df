// SPDX-License-Identifier: GPL-2.0
/* System calls: one handler at each end of all of them (the tracepoints sys_enter and sys_exit), while any probe wants
 * it, and a table of probes by number. Calls of 32-bit programs have numbers of their own and are left
 * out. */
#include <asm/syscall.h>
#include <linux/kprobes.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>

#include "kinds.h"
#include "page.h"
#include "probe.h"

#define NUMBERS 1024

struct end {
  const char* tracepoint;
  void* handler;
  u32 users;
  struct hlist_head probes[NUMBERS];
};

static bool is_compat(void) {
#ifdef CONFIG_IA32_EMULATION
  return in_ia32_syscall();
#else
  return false;
#endif
}

/* The tracepoint's caller holds off preemption, which is what the lists' readers need. */
#define each_probe(probe, end, number) \
  hlist_for_each_entry_rcu_notrace(probe, &(end)->probes[number], link)

static void on_enter(void* data, struct pt_regs* regs, long number) {
  struct hp_probe* probe;
  struct end* end = data;

  if ((unsigned long)number >= NUMBERS || is_compat()) return;
  each_probe(probe, end, number) {
    struct hp_firing firing;

    if (!READ_ONCE(probe->ringing) || !hp_fire_begin(&firing, probe)) continue;
    firing.page->args[0] = regs->di;
    firing.page->args[1] = regs->si;
    firing.page->args[2] = regs->dx;
    firing.page->args[3] = regs->r10;
    firing.page->args[4] = regs->r8;
    firing.page->args[5] = regs->r9;
    firing.pc = firing.top = _RET_IP_;
    hp_fire_end(&firing);
  }
}
NOKPROBE_SYMBOL(on_enter);

static void on_exit(void* data, struct pt_regs* regs, long result) {
  long number = syscall_get_nr(current, regs);
  bool failed = IS_ERR_VALUE(result);
  struct hp_probe* probe;
  struct end* end = data;

  if ((unsigned long)number >= NUMBERS || is_compat()) return;
  each_probe(probe, end, number) {
    struct hp_firing firing;

    if (!READ_ONCE(probe->ringing) || !hp_fire_begin(&firing, probe)) continue;
    firing.page->flags |= HP_PROBE_RETURN;
    firing.page->args[0] = firing.page->args[1] = failed ? -1L : result;
    firing.page->err = failed ? -result : 0;
    firing.pc = firing.top = _RET_IP_;
    hp_fire_end(&firing);
  }
}
NOKPROBE_SYMBOL(on_exit);

static struct end entries = {.tracepoint = "sys_enter", .handler = on_enter};
static struct end returns = {.tracepoint = "sys_exit", .handler = on_exit};

static struct end* end_of(const struct hp_probe* probe) {
  return probe->kind == &hp_syscall_entries ? &entries : &returns;
}

static int check(const struct hp_attach* attach, const char* text) {
  return attach->number < NUMBERS ? 0 : -EINVAL;
}

static int attach(struct hp_probe* probe) {
  struct end* end = end_of(probe);

  if (!end->users) {
    struct tracepoint* tracepoint = hp_kernel_tracepoint(end->tracepoint);
    int err = tracepoint ? tracepoint_probe_register(tracepoint, end->handler, end) : -ENOENT;

    if (err) return err;
  }
  end->users++;
  hlist_add_head_rcu(&probe->link, &end->probes[probe->number]);
  return 0;
}

static void detach(struct hp_probe* probe) {
  struct end* end = end_of(probe);

  hlist_del_rcu(&probe->link);
  if (!--end->users)
    tracepoint_probe_unregister(hp_kernel_tracepoint(end->tracepoint), end->handler, end);
}

static void detached(void) {
  tracepoint_synchronize_unregister();
}

const struct hp_kind hp_syscall_entries = {.size = sizeof(struct hp_probe),
                                           .check = check,
                                           .attach = attach,
                                           .detach = detach,
                                           .detached = detached};
const struct hp_kind hp_syscall_returns = {.size = sizeof(struct hp_probe),
                                           .check = check,
                                           .attach = attach,
                                           .detach = detach,
                                           .detached = detached};
