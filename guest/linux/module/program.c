// SPDX-License-Identifier: GPL-2.0
#include "program.h"

#include <linux/err.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "probe.h"

struct program {
  u8 ident[16];
  struct list_head node; /* of programs */
  struct list_head holders;
  bool committed;
  u32 probes;
};

struct holder {
  struct list_head of_program, of_probe;
  struct program* program;
  struct hp_probe* probe;
  u32 flags; /* HP_ATTACH_* that it asked for */
  bool committed;
};

static LIST_HEAD(programs); /* under hp_lock, as all here */
static u32 program_count, holder_count;

static struct program* find(const u8* ident) {
  struct program* program;

  list_for_each_entry(program, &programs, node) if (!memcmp(program->ident, ident,
                                                            sizeof(program->ident))) return program;
  return NULL;
}

static struct program* find_or_make(const u8* ident) {
  struct program* program = find(ident);

  if (program) return program;
  if (program_count >= HP_PROGRAMS) return ERR_PTR(-ENOSPC);
  program = kzalloc(sizeof(*program), GFP_KERNEL);
  if (!program) return ERR_PTR(-ENOMEM);
  memcpy(program->ident, ident, sizeof(program->ident));
  INIT_LIST_HEAD(&program->holders);
  list_add_tail(&program->node, &programs);
  program_count++;
  return program;
}

static void forget_if_new(struct program* program, bool is_new) {
  if (!is_new) return;
  list_del(&program->node);
  program_count--;
  kfree(program);
}

/* What its holders want, all together. */
static void refresh(struct hp_probe* probe) {
  struct holder* holder;
  bool ringing = false;
  u32 flags = 0;

  list_for_each_entry(holder, &probe->holders, of_probe) {
    flags |= holder->flags;
    ringing |= holder->committed;
  }
  WRITE_ONCE(probe->flags, flags);
  WRITE_ONCE(probe->ringing, ringing && probe->attached);
}

static bool holds(const struct program* program, const struct hp_probe* probe) {
  struct holder* holder;

  list_for_each_entry(holder, &probe->holders,
                      of_probe) if (holder->program == program) return true;
  return false;
}

static int hold(struct program* program, struct hp_probe* probe, u32 flags,
                struct list_head* holders) {
  struct holder* holder;

  if (holder_count >= HP_HOLDERS) return -ENOSPC;
  holder = kmalloc(sizeof(*holder), GFP_KERNEL);
  if (!holder) return -ENOMEM;
  *holder = (struct holder){.program = program, .probe = probe, .flags = flags};
  list_add_tail(&holder->of_program, holders);
  list_add_tail(&holder->of_probe, &probe->holders);
  holder_count++;
  return 0;
}

/* Drops these holders; probes that nobody holds any longer are detached and freed. */
static void drop(struct list_head* holders) {
  struct holder *holder, *next;
  LIST_HEAD(orphans);

  list_for_each_entry_safe(holder, next, holders, of_program) {
    struct hp_probe* probe = holder->probe;

    list_del(&holder->of_program);
    list_del(&holder->of_probe);
    kfree(holder);
    holder_count--;
    if (list_empty(&probe->holders))
      list_move_tail(&probe->group, &orphans);
    else
      refresh(probe);
  }
  hp_probes_free(&orphans);
}

/* The next description of a buffer; NULL: it is not what trace.h says. */
static const struct hp_attach* next_attach(const u8** at, const u8* end) {
  const struct hp_attach* a = (const void*)*at;
  const struct hp_kind* kind;
  const char* text;

  if (end - *at < sizeof(*a)) return NULL;
  if (a->size < sizeof(*a) || a->size > end - *at || a->size % 8) return NULL;
  if (a->text > a->size - sizeof(*a) || a->text >= PATH_MAX) return NULL;
  text = (const char*)(a + 1);
  kind = hp_kind_of(a->kind);
  if (!kind || !a->probe || a->probe >= HP_TRACE_PROBES) return NULL;
  if (a->flags & ~(HP_ATTACH_STACK | HP_ATTACH_UREGS) || memchr(text, 0, a->text)) return NULL;
  if (kind->check && kind->check(a, text)) return NULL;
  *at += a->size;
  return a;
}

/* One description: a holder on `holders`, and if the probe is new, the probe on `fresh`. */
static int take(struct program* program, const struct hp_attach* a, u32 index,
                struct list_head* holders, struct list_head* fresh) {
  const char* text = (const char*)(a + 1);
  struct hp_probe* probe = hp_probe_find(a->probe);
  int err;

  if (probe) {
    if (!hp_probe_is(probe, a, text)) return -EEXIST;
    return holds(program, probe) ? 0 : hold(program, probe, a->flags, holders);
  }
  probe = hp_probe_make(a, text);
  if (IS_ERR(probe)) return PTR_ERR(probe);
  probe->index = index;
  list_add_tail(&probe->group, fresh);
  err = hold(program, probe, a->flags, holders);
  return err;
}

static int attach(struct program* program, const void* attaches, u32 size, u32 count, u32* failed) {
  const u8 *at = attaches, *end = at + size;
  struct hp_probe* culprit;
  struct holder* holder;
  LIST_HEAD(holders);
  LIST_HEAD(fresh);
  int err = 0;
  u32 i;

  for (i = 0; i < count && !err; i++) {
    const struct hp_attach* a = next_attach(&at, end);

    *failed = i;
    err = a ? take(program, a, i, &holders, &fresh) : -EINVAL;
  }
  if (!err && at != end) err = -EINVAL;
  if (!err) {
    err = hp_probes_attach(&fresh, &culprit);
    if (err) *failed = culprit->index;
  }
  if (err) {
    drop(&holders);
    hp_probes_free(&fresh); /* the one that got no holder */
    return err;
  }
  while (!list_empty(&fresh)) list_del_init(fresh.next);
  list_for_each_entry(holder, &holders, of_program) {
    refresh(holder->probe);
    program->probes++;
  }
  list_splice_tail(&holders, &program->holders);
  *failed = 0;
  return 0;
}

int hp_program_attach(const u8* ident, const void* attaches, u32 size, u32 count, u32* failed) {
  struct program* program;
  bool is_new;
  int err;

  *failed = 0;
  mutex_lock(&hp_lock);
  is_new = !find(ident);
  program = find_or_make(ident);
  err = PTR_ERR_OR_ZERO(program);
  if (!err) {
    err = attach(program, attaches, size, count, failed);
    if (err) forget_if_new(program, is_new);
  }
  mutex_unlock(&hp_lock);
  return err;
}

int hp_program_commit(const u8* ident) {
  struct program* program;
  struct holder* holder;

  mutex_lock(&hp_lock);
  program = find(ident);
  if (program) {
    program->committed = true;
    list_for_each_entry(holder, &program->holders, of_program) {
      holder->committed = true;
      WRITE_ONCE(holder->probe->ringing, holder->probe->attached);
    }
  }
  mutex_unlock(&hp_lock);
  return program ? 0 : -ENOENT;
}

static void forget(struct program* program) {
  list_del(&program->node);
  program_count--;
  drop(&program->holders);
  kfree(program);
}

int hp_program_detach(const u8* ident) {
  struct program* program;

  mutex_lock(&hp_lock);
  program = find(ident);
  if (program) forget(program);
  mutex_unlock(&hp_lock);
  return program ? 0 : -ENOENT;
}

int hp_program_nth(struct hp_ioc_program* out) {
  struct program* program;
  u32 n = out->probes;
  int err = -ENOENT;

  mutex_lock(&hp_lock);
  list_for_each_entry(program, &programs, node) {
    if (n--) continue;
    memcpy(out->ident, program->ident, sizeof(out->ident));
    out->committed = program->committed;
    out->probes = program->probes;
    err = 0;
    break;
  }
  mutex_unlock(&hp_lock);
  return err;
}

void hp_programs_count(u32* program_total, u32* probe_total) {
  mutex_lock(&hp_lock);
  *program_total = program_count;
  *probe_total = hp_probes_count();
  mutex_unlock(&hp_lock);
}

void hp_programs_detach_all(void) {
  struct program *program, *next;

  mutex_lock(&hp_lock);
  list_for_each_entry_safe(program, next, &programs, node) forget(program);
  mutex_unlock(&hp_lock);
}
