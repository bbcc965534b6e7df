// SPDX-License-Identifier: GPL-2.0
/* Profiling: a timer on every CPU, also on those that come later, or one timer in all. arg0 is where the
 * kernel was, or arg1 where user mode was. */
#include <asm/irq_regs.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/version.h>

#include "kinds.h"
#include "page.h"
#include "probe.h"

#define SHORTEST 100000 /* ns */

struct ticker {
  struct hrtimer timer;
  struct profile* profile;
};

struct profile {
  struct hp_probe probe;
  struct list_head node; /* of everywhere */
  struct ticker __percpu* tickers;
};

/* Profiles of every CPU. Taken inside cpus_read_lock(), which hp_lock may not be: CPUs come and go beside it. */
static DEFINE_MUTEX(everywhere_lock);
static LIST_HEAD(everywhere);
static int hotplug_state;

static enum hrtimer_restart on_tick(struct hrtimer* timer) {
  struct profile* profile = container_of(timer, struct ticker, timer)->profile;
  struct pt_regs* regs = get_irq_regs();
  struct hp_firing firing;

  if (READ_ONCE(profile->probe.ringing) && hp_fire_begin(&firing, &profile->probe)) {
    if (regs && user_mode(regs)) {
      firing.page->args[1] = regs->ip;
      firing.page->flags |= HP_PROBE_USER;
      firing.wants &= ~HP_ATTACH_STACK;
    } else if (regs) {
      firing.page->args[0] = firing.pc = firing.top = regs->ip;
    }
    hp_fire_end(&firing);
  }
  hrtimer_forward_now(timer, ns_to_ktime(profile->probe.address));
  return HRTIMER_RESTART;
}
NOKPROBE_SYMBOL(on_tick);

/* On the CPU that is to tick. */
static void start(void* data) {
  struct profile* profile = data;
  struct hrtimer* timer = &this_cpu_ptr(profile->tickers)->timer;

  hrtimer_start(timer, ns_to_ktime(profile->probe.address), HRTIMER_MODE_REL_PINNED_HARD);
}

static void prepare(struct profile* profile) {
  int cpu;

  for_each_possible_cpu(cpu) {
    struct ticker* t = per_cpu_ptr(profile->tickers, cpu);

    t->profile = profile;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
    hrtimer_setup(&t->timer, on_tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
    hrtimer_init(&t->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
    t->timer.function = on_tick;
#endif
  }
}

static int check(const struct hp_attach* attach, const char* text) {
  return attach->address >= SHORTEST && attach->address <= KTIME_MAX && attach->number <= 1
             ? 0
             : -EINVAL;
}

static int attach(struct hp_probe* probe) {
  struct profile* profile = container_of(probe, struct profile, probe);
  int cpu;

  profile->tickers = alloc_percpu(struct ticker);
  if (!profile->tickers) return -ENOMEM;
  prepare(profile);
  INIT_LIST_HEAD(&profile->node);
  cpus_read_lock();
  mutex_lock(&everywhere_lock);
  if (probe->number) {
    list_add_tail(&profile->node, &everywhere);
    for_each_online_cpu(cpu) smp_call_function_single(cpu, start, profile, 1);
  } else {
    smp_call_function_single(cpumask_first(cpu_online_mask), start, profile, 1);
  }
  mutex_unlock(&everywhere_lock);
  cpus_read_unlock();
  return 0;
}

static void detach(struct hp_probe* probe) {
  struct profile* profile = container_of(probe, struct profile, probe);
  int cpu;

  mutex_lock(&everywhere_lock);
  list_del(&profile->node);
  mutex_unlock(&everywhere_lock);
  for_each_possible_cpu(cpu) hrtimer_cancel(&per_cpu_ptr(profile->tickers, cpu)->timer);
  free_percpu(profile->tickers);
}

const struct hp_kind hp_profiles = {
    .size = sizeof(struct profile), .check = check, .attach = attach, .detach = detach};

/* Both on the CPU itself, in its hotplug thread. */
static int come(unsigned int cpu) {
  struct profile* profile;
  unsigned long interrupts;

  mutex_lock(&everywhere_lock);
  list_for_each_entry(profile, &everywhere, node) {
    if (hrtimer_active(&per_cpu_ptr(profile->tickers, cpu)->timer)) continue;
    local_irq_save(interrupts);
    start(profile);
    local_irq_restore(interrupts);
  }
  mutex_unlock(&everywhere_lock);
  return 0;
}

static int leave(unsigned int cpu) {
  struct profile* profile;

  mutex_lock(&everywhere_lock);
  list_for_each_entry(profile, &everywhere, node)
      hrtimer_cancel(&per_cpu_ptr(profile->tickers, cpu)->timer);
  mutex_unlock(&everywhere_lock);
  return 0;
}

int hp_profiles_init(void) {
  hotplug_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "hyprobe:profile", come, leave);
  return hotplug_state < 0 ? hotplug_state : 0;
}

void hp_profiles_exit(void) {
  cpuhp_remove_state(hotplug_state);
}
