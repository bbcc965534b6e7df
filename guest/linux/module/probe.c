// SPDX-License-Identifier: GPL-2.0
#include "probe.h"

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

DEFINE_MUTEX(hp_lock);
static DEFINE_XARRAY(probes); /* by id */
static u32 count;

static const struct hp_kind* const kinds[] = {
    [HP_KIND_SYSCALL_ENTRY] = &hp_syscall_entries,
    [HP_KIND_SYSCALL_RETURN] = &hp_syscall_returns,
    [HP_KIND_TRACEPOINT] = &hp_tracepoints,
    [HP_KIND_FUNCTION_ENTRY] = &hp_function_entries,
    [HP_KIND_FUNCTION_RETURN] = &hp_function_returns,
    [HP_KIND_USER_ENTRY] = &hp_user_entries,
    [HP_KIND_USER_RETURN] = &hp_user_returns,
    [HP_KIND_PROFILE] = &hp_profiles,
};

const struct hp_kind* hp_kind_of(u32 kind) {
  return kind < ARRAY_SIZE(kinds) ? kinds[kind] : NULL;
}

struct hp_probe* hp_probe_find(u32 id) {
  return xa_load(&probes, id);
}

u32 hp_probes_count(void) {
  return count;
}

bool hp_probe_is(const struct hp_probe* probe, const struct hp_attach* attach, const char* text) {
  return probe->kind_number == attach->kind && probe->address == attach->address &&
         probe->extra == attach->extra && probe->number == attach->number &&
         strlen(probe->text) == attach->text && !memcmp(probe->text, text, attach->text);
}

struct hp_probe* hp_probe_make(const struct hp_attach* attach, const char* text) {
  const struct hp_kind* kind = hp_kind_of(attach->kind);
  struct hp_probe* probe = kzalloc(kind->size, GFP_KERNEL);
  int err = -ENOMEM;

  if (!probe) return ERR_PTR(-ENOMEM);
  probe->text = kmemdup_nul(text, attach->text, GFP_KERNEL);
  if (!probe->text) goto fail;
  probe->id = attach->probe;
  probe->number = attach->number;
  probe->address = attach->address;
  probe->extra = attach->extra;
  probe->kind = kind;
  probe->kind_number = attach->kind;
  INIT_LIST_HEAD(&probe->holders);
  INIT_LIST_HEAD(&probe->group);
  INIT_HLIST_NODE(&probe->link);
  err = xa_insert(&probes, probe->id, probe, GFP_KERNEL);
  if (err) goto fail;
  count++;
  return probe;
fail:
  kfree(probe->text);
  kfree(probe);
  return ERR_PTR(err);
}

static void detach_all(struct list_head* group) {
  struct hp_probe* probe;
  u32 k;

  for (k = 0; k < ARRAY_SIZE(kinds); k++) {
    bool any = false;

    list_for_each_entry(probe, group, group) {
      if (probe->kind_number != k || !probe->attached) continue;
      WRITE_ONCE(probe->ringing, false);
      if (!probe->gone) probe->kind->detach(probe);
      probe->attached = false;
      any = true;
    }
    if (any && kinds[k]->detached) kinds[k]->detached();
  }
}

static int attach_kind(struct list_head* group, u32 k, struct hp_probe** failed) {
  struct hp_probe* probe;
  int err;

  *failed = NULL;
  list_for_each_entry(probe, group, group) {
    if (probe->kind_number != k) continue;
    *failed = probe;
    err = probe->kind->attach(probe);
    if (err) return err;
    probe->attached = true;
  }
  if (!*failed) return 0; /* none of this kind */
  return kinds[k]->attached ? kinds[k]->attached() : 0;
}

int hp_probes_attach(struct list_head* group, struct hp_probe** failed) {
  u32 k;

  for (k = 0; k < ARRAY_SIZE(kinds); k++) {
    int err = attach_kind(group, k, failed);

    if (err) {
      detach_all(group);
      return err;
    }
  }
  return 0;
}

void hp_probes_free(struct list_head* group) {
  struct hp_probe *probe, *next;

  detach_all(group);
  list_for_each_entry_safe(probe, next, group, group) {
    list_del(&probe->group);
    xa_erase(&probes, probe->id);
    count--;
    kfree(probe->text);
    kfree(probe);
  }
}

void hp_probes_each(const struct hp_kind* kind, void (*f)(struct hp_probe*, void*), void* data) {
  struct hp_probe* probe;
  unsigned long id;

  xa_for_each(&probes, id, probe) if (probe->kind == kind && probe->attached && !probe->gone)
      f(probe, data);
}
