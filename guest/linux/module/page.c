// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(format) KBUILD_MODNAME ": " format

#include "page.h"

#include <linux/cpuhotplug.h>
#include <linux/cred.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/task_stack.h>
#include <linux/smp.h>
#include <linux/stacktrace.h>

#include "doorbell.h"

struct hp_cpu {
  struct hp_probe_page* page;
  u64 gpa;
  bool registered;
  bool in_use, in_use_by_nmi;
  u64 fired, missed;
};
static DEFINE_PER_CPU(struct hp_cpu, hp_cpus);
static int hotplug_state;

static_assert(sizeof(struct pt_regs) == sizeof(((struct hp_probe_page*)0)->uregs));
static_assert(sizeof_field(struct task_struct, comm) == 16);

/* The tick brings sum_exec_runtime up to date every few ms; what has run since is added where the clocks
 * agree (they do not where the host's steal time is taken off). */
static __always_inline u64 cpu_time(void) {
  u64 since = sched_clock_cpu(smp_processor_id()) - current->se.exec_start;

  return current->se.sum_exec_runtime + (since < 2 * TICK_NSEC ? since : 0);
}

/* Only fields of current: whatever resolves namespaces or takes references could be a probe itself. Interrupts are
 * off, which keeps its parent from being freed. */
static __always_inline void identity(struct hp_firing* firing) {
  struct hp_probe_page* page = firing->page;
  struct mm_struct* mm = current->mm;
  unsigned int i;

  page->pid = current->tgid;
  page->tid = current->pid;
  page->ppid = rcu_dereference_raw(current->real_parent)->tgid;
  page->uid = __kuid_val(current_uid());
  page->gid = __kgid_val(current_gid());
  for (i = 0; i < sizeof(page->comm); i++) page->comm[i] = READ_ONCE(current->comm[i]);
  page->task = (unsigned long)current;
  page->start = current->start_boottime;
  page->cputime = cpu_time();
  page->args_start = mm ? READ_ONCE(mm->arg_start) : 0;
  page->args_end = mm ? READ_ONCE(mm->arg_end) : 0;
}

bool hp_fire_begin(struct hp_firing* firing, const struct hp_probe* probe) {
  struct hp_probe_page* page;
  unsigned long interrupts;
  struct hp_cpu* cpu;
  unsigned int i;

  raw_local_irq_save(interrupts);
  cpu = this_cpu_ptr(&hp_cpus);
  if (unlikely(cpu->in_use || !cpu->registered)) {
    /* Else the firing under way made this call itself, and the guest would not have. */
    if (!cpu->in_use || cpu->in_use_by_nmi != !!in_nmi()) this_cpu_inc(hp_cpus.missed);
    raw_local_irq_restore(interrupts);
    return false;
  }
  WRITE_ONCE(cpu->in_use, true);
  cpu->in_use_by_nmi = !!in_nmi();
  barrier();
  firing->page = page = cpu->page;
  firing->interrupts = interrupts;
  firing->wants = READ_ONCE(probe->flags);
  firing->pc = firing->top = 0;
  firing->user = current->flags & (PF_KTHREAD | PF_IO_WORKER) ? NULL : task_pt_regs(current);
  page->probe = probe->id;
  page->flags = 0;
  page->err = 0;
  page->nstack = 0;
  for (i = 0; i < ARRAY_SIZE(page->args); i++) page->args[i] = 0;
  return true;
}
NOKPROBE_SYMBOL(hp_fire_begin);

/* The kernel's stack without the frames of the probe itself. */
static __always_inline void save_stack(struct hp_firing* firing) {
  u64* stack = firing->page->stack;
  unsigned int n = stack_trace_save((unsigned long*)stack, HP_PROBE_FRAMES, 0), skip = 0, i;

  if (firing->top)
    for (i = 0; i < n && i < 24; i++)
      if (stack[i] == firing->top) {
        skip = i;
        break;
      }
  if (skip) /* not memmove: that may carry a probe */
    for (i = skip; i < n; i++) WRITE_ONCE(stack[i - skip], stack[i]);
  firing->page->nstack = n - skip;
  firing->page->flags |= HP_PROBE_STACK;
}

void hp_fire_end(struct hp_firing* firing) {
  struct hp_probe_page* page = firing->page;
  struct pt_regs* user = firing->user;

  identity(firing);
  page->kernel_pc = firing->pc;
  page->pc = user ? user->ip : 0;
  page->user_stack = user ? user->sp : 0;
  page->user_frame = user ? user->bp : 0;
  if (user && firing->wants & HP_ATTACH_UREGS) {
    *(struct pt_regs*)page->uregs = *user;
    page->flags |= HP_PROBE_UREGS;
  }
  if (firing->wants & HP_ATTACH_STACK) save_stack(firing);
  hp_ring(HP_HC_FIRE, 0, this_cpu_read(hp_cpus.gpa));
  this_cpu_inc(hp_cpus.fired);
  barrier();
  this_cpu_write(hp_cpus.in_use, false);
  raw_local_irq_restore(firing->interrupts);
}
NOKPROBE_SYMBOL(hp_fire_end);

void hp_fire_missed(void) {
  this_cpu_inc(hp_cpus.missed);
}
NOKPROBE_SYMBOL(hp_fire_missed);

void hp_stack_arguments(struct hp_firing* firing, unsigned long sp) {
  unsigned long first = sp + sizeof(long), last = first + 3 * sizeof(long);
  unsigned long stack = (unsigned long)task_stack_page(current);
  unsigned int i;

  /* On another stack than the task's, what the page of sp has. */
  if (last - stack >= THREAD_SIZE && (last & PAGE_MASK) != (sp & PAGE_MASK)) return;
  for (i = 0; i < 4; i++) firing->page->args[6 + i] = ((unsigned long*)first)[i];
}
NOKPROBE_SYMBOL(hp_stack_arguments);

void hp_fire_counts(u64* fired, u64* missed) {
  int cpu;

  *fired = *missed = 0;
  for_each_possible_cpu(cpu) {
    *fired += READ_ONCE(per_cpu(hp_cpus, cpu).fired);
    *missed += READ_ONCE(per_cpu(hp_cpus, cpu).missed);
  }
}

/* Both run on the CPU itself, in its hotplug thread. */
static int come(unsigned int number) {
  struct hp_cpu* cpu = this_cpu_ptr(&hp_cpus);
  long rc = hp_ring(HP_HC_REGISTER, cpu->gpa, cpu->gpa);

  if (rc != HP_RC_OK) {
    pr_err("CPU %u: the VMM did not take the probe page (%ld)\n", number, rc);
    return -EIO;
  }
  WRITE_ONCE(cpu->registered, true);
  return 0;
}

static int leave(unsigned int number) {
  struct hp_cpu* cpu = this_cpu_ptr(&hp_cpus);
  unsigned long interrupts;

  raw_local_irq_save(interrupts);
  WRITE_ONCE(cpu->registered, false);
  hp_ring(HP_HC_REGISTER, 0, cpu->gpa);
  raw_local_irq_restore(interrupts);
  return 0;
}

static void free_pages_of_all(void) {
  int cpu;

  for_each_possible_cpu(cpu) free_page((unsigned long)per_cpu(hp_cpus, cpu).page);
}

int hp_pages_init(void) {
  int cpu;

  for_each_possible_cpu(cpu) {
    struct hp_cpu* c = per_cpu_ptr(&hp_cpus, cpu);
    struct page* page = alloc_pages_node(cpu_to_node(cpu), GFP_KERNEL | __GFP_ZERO, 0);

    if (!page) {
      free_pages_of_all();
      return -ENOMEM;
    }
    c->page = page_address(page);
    c->gpa = page_to_phys(page);
    c->page->magic = HP_PROBE_MAGIC;
    c->page->version = HP_ABI_VERSION;
    c->page->vcpu = cpu;
  }
  hotplug_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "hyprobe:page", come, leave);
  if (hotplug_state >= 0) return 0;
  free_pages_of_all();
  return hotplug_state;
}

void hp_pages_exit(void) {
  cpuhp_remove_state(hotplug_state);
  free_pages_of_all();
}
