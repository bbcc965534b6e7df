/* SPDX-License-Identifier: GPL-2.0 */
/* Programs: who wants which probes. A program is known by its ident and holds probes; a probe lives as long as
 * it has holders and rings while one of them is committed. Everything here takes hp_lock itself. */
#ifndef HYPROBE_PROGRAM_H
#define HYPROBE_PROGRAM_H
#include <linux/types.h>

#include "transport/trace.h"

/* Bytes of one HP_IOC_ATTACH, programs, and holders of all programs. */
#define HP_ATTACH_MAX (16u << 20)
#define HP_PROGRAMS 256u
#define HP_HOLDERS (1u << 20)

/* Adds `count` probes of `size` bytes (hp_attach with their texts; kernel memory, unchecked) to the program, which
 * is made if it is new. They are silent until the program is committed (again). A probe that the program
 * holds already is left as it is. All or nothing; *failed is the index of the probe at fault.
 * -EINVAL: a description is not what trace.h says. -EEXIST: its id belongs to another probe. -ENOENT, -ESRCH: there
 * is no such tracepoint, file or process. -ENOSPC: more programs or holders than there may be. Else what the kernel
 * says, which refuses what must not be probed. */
int hp_program_attach(const u8* ident, const void* attaches, u32 size, u32 count, u32* failed);

/* -ENOENT: no such program. */
int hp_program_commit(const u8* ident);
/* No handler of its probes runs for it when this returns. */
int hp_program_detach(const u8* ident);
/* The nth program, n in program->probes. */
int hp_program_nth(struct hp_ioc_program* program);

void hp_programs_count(u32* programs, u32* probes);
/* At unload. */
void hp_programs_detach_all(void);
#endif
