/* SPDX-License-Identifier: GPL-2.0 */
/* How a hypercall leaves for the VMM: the doorbells of transport/abi.h, one of which is chosen when the
 * module is loaded and stays. hp_ring() may be called anywhere, NMI included; it takes no locks. */
#ifndef HYPROBE_DOORBELL_H
#define HYPROBE_DOORBELL_H
#include <linux/types.h>

#include "transport/abi.h"

/* HP_DOORBELL_*; 0: none, hypercalls are counted and go nowhere. */
extern u32 hp_doorbell;
extern u16 hp_doorbell_port;

/* Chooses by name: auto, vmcall, xen, out or none. -ENODEV: our VMM is not there, or lacks it. */
int hp_doorbell_choose(const char* name);

/* Result: HP_RC_*. `page` is the GPA of this CPU's probe page. */
long hp_ring(u64 call, u64 argument, u64 page);
#endif
