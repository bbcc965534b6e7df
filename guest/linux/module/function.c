// SPDX-License-Identifier: GPL-2.0
/* Entries of kernel functions. Nearly all go by ftrace: one ops with a filter of addresses and a hash table of probes by
 * address, so that thousands are attached in one go and cost as one. What ftrace does not know gets a kprobe, whose
 * own blacklist refuses what must not be probed. */
#include <asm/ibt.h>
#include <linux/ftrace.h>
#include <linux/hash.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "kinds.h"
#include "page.h"
#include "probe.h"

struct function {
  struct hp_probe probe;
  bool filtered;            /* this probe put its address into the filter */
  struct breakpoint* point; /* NULL: by ftrace */
};

struct breakpoint {
  struct kprobe kprobe;
  struct hp_probe* probe;
};

#ifdef ENDBR_INSN_SIZE
#define LANDING ENDBR_INSN_SIZE /* may stand before the call that ftrace patches */
#else
#define LANDING 0
#endif

#define BITS 14
static struct hlist_head by_address[1 << BITS]; /* probes by ftrace */

static struct hlist_head* bucket(u64 address) {
  return &by_address[hash_64(address, BITS)];
}

static __always_inline void fire(struct hp_probe* probe, const struct pt_regs* regs, u64 top) {
  struct hp_firing firing;

  if (!READ_ONCE(probe->ringing) || !hp_fire_begin(&firing, probe)) return;
  firing.page->args[0] = regs->di;
  firing.page->args[1] = regs->si;
  firing.page->args[2] = regs->dx;
  firing.page->args[3] = regs->cx;
  firing.page->args[4] = regs->r8;
  firing.page->args[5] = regs->r9;
  hp_stack_arguments(&firing, regs->sp);
  firing.pc = probe->address;
  firing.top = top;
  hp_fire_end(&firing);
}

static __always_inline void fire_at(u64 address, const struct pt_regs* regs, u64 top) {
  struct hp_probe* probe;

  hlist_for_each_entry_rcu_notrace(probe, bucket(address), link) {
    if (probe->address == address) fire(probe, regs, top);
  }
}

/* Here `regs` has the registers that arguments travel in, and sp as the function was entered with. */
static void on_call(unsigned long ip, unsigned long caller, struct ftrace_ops* ops,
                    struct ftrace_regs* fregs) {
#ifdef arch_ftrace_regs
  const struct pt_regs* regs = &arch_ftrace_regs(fregs)->regs;
#else
  const struct pt_regs* regs = &fregs->regs;
#endif
  unsigned long interrupts;

  raw_local_irq_save(interrupts); /* holds off the end of a probe, too, where RCU looks */
  if (likely(rcu_is_watching())) {
    fire_at(ip, regs, ip + MCOUNT_INSN_SIZE);
    if (LANDING) fire_at(ip - LANDING, regs, ip + MCOUNT_INSN_SIZE);
  } else {
    hp_fire_missed();
  }
  raw_local_irq_restore(interrupts);
}
NOKPROBE_SYMBOL(on_call);

static struct ftrace_ops ops = {.func = on_call, .flags = FTRACE_OPS_FL_PERMANENT};
static struct ftrace_ops scratch; /* its filter answers whether ftrace knows an address */
static u32 filtered_count;

static int on_breakpoint(struct kprobe* kprobe, struct pt_regs* regs) {
  fire(container_of(kprobe, struct breakpoint, kprobe)->probe, regs, regs->ip);
  return 0;
}
NOKPROBE_SYMBOL(on_breakpoint);

/* --- the filter: addresses go in and out by the chunk; under hp_lock --- */

#define CHUNK 8192 /* each costs a walk over all that ftrace knows */
static struct function* chunk[CHUNK];
static unsigned long chunk_ips[CHUNK];
static u32 chunk_size;
static bool chunk_removes; /* what it holds is to be removed, else added */

static void chunk_begin(bool removes) {
  if (chunk_removes != removes) chunk_size = 0; /* additions of a group that was given up */
  chunk_removes = removes;
}

static int change_filter(bool remove) {
  u32 n, i;
  int err;

  chunk_begin(remove);
  n = chunk_size;
  chunk_size = 0;
  if (!n) return 0;
  for (i = 0; i < n; i++) chunk_ips[i] = chunk[i]->probe.address;
  if (remove && n == filtered_count) { /* an empty filter would mean every function */
    unregister_ftrace_function(&ops);
    err = ftrace_set_filter(&ops, NULL, 0, 1);
  } else {
    err = ftrace_set_filter_ips(&ops, chunk_ips, n, remove, 0);
    if (!err && !remove && !filtered_count) {
      err = register_ftrace_function(&ops);
      if (err) ftrace_set_filter(&ops, NULL, 0, 1);
    }
  }
  if (err) return err;
  for (i = 0; i < n; i++) chunk[i]->filtered = !remove;
  filtered_count += remove ? -n : n;
  return 0;
}

static int put_into_chunk(struct function* function, bool remove) {
  chunk_begin(remove);
  chunk[chunk_size++] = function;
  return chunk_size == CHUNK ? change_filter(remove) : 0;
}

static struct function* other_at(const struct function* function) {
  struct hp_probe* probe;

  hlist_for_each_entry(
      probe, bucket(function->probe.address),
      link) if (probe != &function->probe &&
                probe->address ==
                    function->probe.address) return container_of(probe, struct function, probe);
  return NULL;
}

/* --- the kind --- */

static int set_breakpoint(struct function* function) {
  struct breakpoint* point = kzalloc(sizeof(*point), GFP_KERNEL);
  int err;

  if (!point) return -ENOMEM;
  point->probe = &function->probe;
  point->kprobe.addr = (void*)(unsigned long)function->probe.address;
  point->kprobe.pre_handler = on_breakpoint;
  err = register_kprobe(&point->kprobe);
  if (err)
    kfree(point);
  else
    function->point = point;
  return err;
}

/* ftrace takes any address within the instruction that it patches; handlers are told the first. */
static bool starts_function(u64 address) {
  static char name[KSYM_SYMBOL_LEN]; /* under hp_lock */

  sprint_symbol(name, address);
  return strstr(name, "+0x0/");
}

static int attach(struct hp_probe* probe) {
  struct function* function = container_of(probe, struct function, probe);
  bool first;

  if (within_module(probe->address, THIS_MODULE)) return -EPERM;
  if (!starts_function(probe->address)) return -EINVAL;
  if (ftrace_set_filter_ip(&scratch, probe->address, 0, 1)) return set_breakpoint(function);
  first = !other_at(function);
  hlist_add_head_rcu(&probe->link, bucket(probe->address));
  return first ? put_into_chunk(function, false) : 0;
}

static int attached(void) {
  return change_filter(false);
}

static void detach(struct hp_probe* probe) {
  struct function *function = container_of(probe, struct function, probe), *other;

  if (function->point) {
    unregister_kprobe(&function->point->kprobe);
    kfree(function->point);
    return;
  }
  other = other_at(function);
  hlist_del_rcu(&probe->link);
  if (function->filtered && other)
    other->filtered = true;
  else if (function->filtered)
    WARN_ON(put_into_chunk(function, true));
}

static void detached(void) {
  WARN_ON(change_filter(true));
  synchronize_rcu();
}

static int check(const struct hp_attach* attach, const char* text) {
  return attach->address ? 0 : -EINVAL;
}

const struct hp_kind hp_function_entries = {.size = sizeof(struct function),
                                            .check = check,
                                            .attach = attach,
                                            .attached = attached,
                                            .detach = detach,
                                            .detached = detached};

/* --- kernel modules that leave take their probes with them --- */

static void end_with(struct hp_probe* probe, void* module) {
  if (!within_module(probe->address, module)) return;
  WRITE_ONCE(probe->ringing, false);
  detach(probe);
  probe->gone = true;
}

static int notify(struct notifier_block* block, unsigned long event, void* module) {
  if (event != MODULE_STATE_GOING) return NOTIFY_OK;
  mutex_lock(&hp_lock);
  hp_probes_each(&hp_function_entries, end_with, module);
  detached();
  mutex_unlock(&hp_lock);
  return NOTIFY_OK;
}

static struct notifier_block notifier = {.notifier_call = notify};

int hp_functions_init(void) {
  return register_module_notifier(&notifier);
}
void hp_functions_exit(void) {
  unregister_module_notifier(&notifier);
}
