/* SPDX-License-Identifier: GPL-2.0 */
/* A probe: something in the kernel or in a user program that fires under an id. Probes are shared by the
 * programs that hold them (program.h); each kind of probe (enum hp_probe_kind) is attached by one file of this module.
 *
 * All that changes probes is done under hp_lock. Handlers run beside that, on any CPU: they read `id`, `flags`
 * and `ringing`, and what their kind says. */
#ifndef HYPROBE_PROBE_H
#define HYPROBE_PROBE_H
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "transport/trace.h"

struct hp_kind;

struct hp_probe {
  u32 id;       /* the VMM's */
  u32 flags;    /* HP_ATTACH_*: what any holder wants */
  bool ringing; /* a holder is committed */
  bool attached;
  bool gone; /* what it was attached to left the kernel; nothing to undo but memory */
  u32 number;
  u64 address, extra;
  char* text; /* NUL-terminated, never NULL */
  const struct hp_kind* kind;
  u32 kind_number; /* HP_KIND_* */
  u32 index;       /* in the call that makes it */
  struct list_head holders;
  struct list_head group; /* probes that are attached or detached in one go */
  struct hlist_node link; /* for the kind's own table */
};

/* What a kind of probes does. Under hp_lock. */
struct hp_kind {
  size_t size; /* of the structure that begins with the probe */
  /* Is this description good, as far as one can say without attaching it? */
  int (*check)(const struct hp_attach* attach, const char* text);
  int (*attach)(struct hp_probe* probe);
  int (*attached)(
      void); /* after the last of a group; NULL: nothing to do. Failure: all of the group is detached */
  void (*detach)(struct hp_probe* probe);
  void (*detached)(void); /* after the last of a group: returns when no handler of theirs runs */
};
extern const struct hp_kind hp_syscall_entries, hp_syscall_returns, hp_tracepoints,
    hp_function_entries, hp_function_returns, hp_user_entries, hp_user_returns, hp_profiles;

extern struct mutex hp_lock;

/* The kind of that number; NULL: there is none. */
const struct hp_kind* hp_kind_of(u32 kind);

/* The probe that has this id; NULL: none. */
struct hp_probe* hp_probe_find(u32 id);
/* Is that the same probe? */
bool hp_probe_is(const struct hp_probe* probe, const struct hp_attach* attach, const char* text);
/* A probe, not attached, in the table. ERR_PTR on failure. `text` is copied. */
struct hp_probe* hp_probe_make(const struct hp_attach* attach, const char* text);

/* Attaches all probes of the list (linked by group), or none of them: then *failed is the one at fault. */
int hp_probes_attach(struct list_head* probes, struct hp_probe** failed);
/* Detaches those that are attached, waits for their handlers, and frees all. */
void hp_probes_free(struct list_head* probes);

u32 hp_probes_count(void);

/* Ways for a kind to find its probes again: calls `f` for every attached probe of that kind. */
void hp_probes_each(const struct hp_kind* kind, void (*f)(struct hp_probe* probe, void* data),
                    void* data);
#endif
