/* SPDX-License-Identifier: GPL-2.0 */
/* Firing a probe: each CPU's probe page, filled and rung with interrupts off.
 *
 *     struct hp_firing firing;
 *     if (!READ_ONCE(probe->ringing) || !hp_fire_begin(&firing, probe)) return;
 *     firing.page->args[0] = ...;
 *     hp_fire_end(&firing);
 *
 * May be called anywhere, NMI included: it takes no locks, allocates nothing, touches no user memory. A firing
 * that finds the CPU's page in use never nests: if it came by NMI it is counted as missed; if the code below
 * reached a probe itself, it is none of the guest's and forgotten. */
#ifndef HYPROBE_PAGE_H
#define HYPROBE_PAGE_H
#include <asm/ptrace.h>
#include <linux/types.h>

#include "probe.h"
#include "transport/abi.h"

struct hp_firing {
  struct hp_probe_page* page; /* args are 0 until set; .flags may be added to */
  u64 pc;                     /* where the probe is */
  u64 top;                    /* stacks begin at the frame with this address; 0: as they are */
  struct pt_regs* user;       /* user mode's registers; NULL: a kernel thread */
  unsigned long interrupts;
  u32 wants; /* HP_ATTACH_* */
};

bool hp_fire_begin(struct hp_firing* firing, const struct hp_probe* probe);
void hp_fire_end(struct hp_firing* firing);
/* One more firing that was lost. */
void hp_fire_missed(void);

/* Arguments 6 to 9 of a function of the kernel, from the stack that it was entered with: *sp is its return
 * address. Words that may not be there are left out. */
void hp_stack_arguments(struct hp_firing* firing, unsigned long sp);

/* Sums over the CPUs. */
void hp_fire_counts(u64* fired, u64* missed);

/* Allocates the pages and registers them with the VMM, also those of CPUs that come later. */
int hp_pages_init(void);
void hp_pages_exit(void);
#endif
