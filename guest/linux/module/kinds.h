/* SPDX-License-Identifier: GPL-2.0 */
/* What the kinds of probes need while the module is loaded: notifiers of kernel modules and of CPUs that come and go. */
#ifndef HYPROBE_KINDS_H
#define HYPROBE_KINDS_H
#include <linux/types.h>

struct tracepoint;

int hp_kinds_init(void);
void hp_kinds_exit(void);

/* tracepoint.c: tracepoints of kernel modules are known by a notifier. */
int hp_tracepoints_init(void);
void hp_tracepoints_exit(void);
/* The tracepoint of that name in vmlinux; NULL. */
struct tracepoint* hp_kernel_tracepoint(const char* name);
/* function.c: probes in a kernel module end with it. */
int hp_functions_init(void);
void hp_functions_exit(void);
/* function_return.c: returns that were lost for want of a buffer. */
u64 hp_function_returns_missed(void);
/* profile.c */
int hp_profiles_init(void);
void hp_profiles_exit(void);
#endif
