// SPDX-License-Identifier: GPL-2.0
/* Returns of kernel functions, by kretprobe: arg0 is 0 and arg1 the value, as dtrace has them. Calls that are under way
 * when a probe is attached are not seen returning. */
#include <linux/cpumask.h>
#include <linux/kprobes.h>
#include <linux/module.h>

#include "kinds.h"
#include "page.h"
#include "probe.h"

struct returning {
  struct hp_probe probe;
  struct kretprobe kretprobe;
};

static struct returning* of(struct kretprobe_instance* instance) {
  struct kretprobe* kretprobe = get_kretprobe(instance);

  return kretprobe ? container_of(kretprobe, struct returning, kretprobe) : NULL;
}

/* Nonzero: this call's return is not wanted. */
static int on_call(struct kretprobe_instance* instance, struct pt_regs* regs) {
  struct returning* r = of(instance);

  return !r || !READ_ONCE(r->probe.ringing);
}
NOKPROBE_SYMBOL(on_call);

static int on_return(struct kretprobe_instance* instance, struct pt_regs* regs) {
  struct returning* r = of(instance);
  struct hp_firing firing;

  if (!r || !READ_ONCE(r->probe.ringing) || !hp_fire_begin(&firing, &r->probe)) return 0;
  firing.page->flags |= HP_PROBE_RETURN;
  firing.page->args[1] = regs_return_value(regs);
  firing.pc = r->probe.address;
  firing.top = get_kretprobe_retaddr(instance);
  hp_fire_end(&firing);
  return 0;
}
NOKPROBE_SYMBOL(on_return);

#define FEW 256
static u32 count; /* attached; under hp_lock */

static int check(const struct hp_attach* attach, const char* text) {
  return attach->address ? 0 : -EINVAL;
}

static int attach(struct hp_probe* probe) {
  struct returning* r = container_of(probe, struct returning, probe);
  int err;

  if (within_module(probe->address, THIS_MODULE)) return -EPERM;
  r->kretprobe.kp.addr = (void*)(unsigned long)probe->address;
  r->kretprobe.entry_handler = on_call;
  r->kretprobe.handler = on_return;
  /* Calls that may be under way at once: in functions that sleep, many tasks. Each costs memory. */
  r->kretprobe.maxactive = count < FEW ? 64 + 4 * num_possible_cpus() : 8 + 2 * num_possible_cpus();
  err = register_kretprobe(&r->kretprobe);
  if (!err) count++;
  return err;
}

#define CHUNK 256
static struct kretprobe* chunk[CHUNK]; /* under hp_lock */
static u32 chunk_size;
static u64 missed; /* of those that are gone */

static void flush(void) {
  u32 i;

  unregister_kretprobes(chunk, chunk_size);
  for (i = 0; i < chunk_size; i++) missed += chunk[i]->nmissed;
  chunk_size = 0;
}

static void detach(struct hp_probe* probe) {
  count--;
  chunk[chunk_size++] = &container_of(probe, struct returning, probe)->kretprobe;
  if (chunk_size == CHUNK) flush();
}

static void detached(void) {
  flush();
}

const struct hp_kind hp_function_returns = {.size = sizeof(struct returning),
                                            .check = check,
                                            .attach = attach,
                                            .detach = detach,
                                            .detached = detached};

static void add_missed(struct hp_probe* probe, void* sum) {
  *(u64*)sum += container_of(probe, struct returning, probe)->kretprobe.nmissed;
}

u64 hp_function_returns_missed(void) {
  u64 sum;

  mutex_lock(&hp_lock);
  sum = missed;
  hp_probes_each(&hp_function_returns, add_missed, &sum);
  mutex_unlock(&hp_lock);
  return sum;
}
