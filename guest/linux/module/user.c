// SPDX-License-Identifier: GPL-2.0
/* Probes in user programs, by uprobe: a file and an offset in it, in any process or in one. */
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>
#include <linux/uprobes.h>
#include <linux/version.h>

#include "page.h"
#include "probe.h"

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define UPROBE_HANDLES 1 /* uprobe_register() returns one */
#endif

struct user_probe {
  struct hp_probe probe;
  struct uprobe_consumer consumer;
  struct path path;     /* keeps the file */
  struct mm_struct* mm; /* of the one process, for comparison only (mmgrab); NULL: any */
#ifdef UPROBE_HANDLES
  struct uprobe* uprobe;
#endif
};

/* Runs in the task that hit it, where it may sleep. Arguments beyond six are on the user's stack. */
static void fire(struct user_probe* u, const struct pt_regs* regs, bool is_return) {
  u64 on_stack[4] = {};
  struct hp_firing firing;
  u32 i;

  if (!READ_ONCE(u->probe.ringing)) return;
  if (!is_return &&
      copy_from_user(on_stack, (void __user*)(regs->sp + sizeof(long)), sizeof(on_stack)))
    memset(on_stack, 0, sizeof(on_stack));
  if (!hp_fire_begin(&firing, &u->probe)) return;
  firing.page->flags |= HP_PROBE_USER;
  if (is_return) {
    firing.page->flags |= HP_PROBE_RETURN;
    firing.page->args[1] = regs->ax;
  } else {
    firing.page->args[0] = regs->di;
    firing.page->args[1] = regs->si;
    firing.page->args[2] = regs->dx;
    firing.page->args[3] = regs->cx;
    firing.page->args[4] = regs->r8;
    firing.page->args[5] = regs->r9;
    for (i = 0; i < 4; i++) firing.page->args[6 + i] = on_stack[i];
  }
  firing.wants &= ~HP_ATTACH_STACK; /* the kernel's is the probe's own */
  hp_fire_end(&firing);
}

/* A process that was forked from the one has copies of its breakpoints: they go as they are hit. One that shares its
 * memory (vfork) goes by unseen. */
static int on_hit(struct uprobe_consumer* consumer, struct pt_regs* regs) {
  struct user_probe* u = container_of(consumer, struct user_probe, consumer);

  if (u->mm && current->mm != u->mm) return UPROBE_HANDLER_REMOVE;
  if (!u->mm || current->tgid == u->probe.number) fire(u, regs, false);
  return 0;
}

/* A return probe's entry; there is nothing to do but to keep it from processes that it is not for. */
static int on_call(struct uprobe_consumer* consumer, struct pt_regs* regs) {
  struct user_probe* u = container_of(consumer, struct user_probe, consumer);

  return u->mm && current->mm != u->mm ? UPROBE_HANDLER_REMOVE : 0;
}

static int on_return(struct uprobe_consumer* consumer, unsigned long function,
                     struct pt_regs* regs) {
  struct user_probe* u = container_of(consumer, struct user_probe, consumer);

  if (!u->mm || (current->mm == u->mm && current->tgid == u->probe.number)) fire(u, regs, true);
  return 0;
}

#ifdef UPROBE_HANDLES
static bool wanted_in(struct uprobe_consumer* consumer, struct mm_struct* mm) {
#else
static bool wanted_in(struct uprobe_consumer* consumer, enum uprobe_filter_ctx context,
                      struct mm_struct* mm) {
#endif
  struct user_probe* u = container_of(consumer, struct user_probe, consumer);

  return !u->mm || u->mm == mm;
}

/* --- the kind --- */

static int check(const struct hp_attach* attach, const char* text) {
  if (!attach->text || text[0] != '/' || attach->number > INT_MAX) return -EINVAL;
  return (s64)attach->address < 0 || (s64)attach->extra < 0 ? -EINVAL : 0;
}

static int find_process(struct user_probe* u) {
  struct task_struct* task;
  struct mm_struct* mm;

  if (!u->probe.number) return 0;
  rcu_read_lock();
  task = get_pid_task(find_pid_ns(u->probe.number, &init_pid_ns), PIDTYPE_TGID);
  rcu_read_unlock();
  if (!task) return -ESRCH;
  mm = get_task_mm(task);
  put_task_struct(task);
  if (!mm) return -ESRCH;
  mmgrab(mm);
  mmput(mm);
  u->mm = mm;
  return 0;
}

static int put(struct user_probe* u) {
  struct inode* inode = d_real_inode(u->path.dentry);

  if (!S_ISREG(inode->i_mode)) return -EINVAL;
#ifdef UPROBE_HANDLES
  u->uprobe = uprobe_register(inode, u->probe.address, u->probe.extra, &u->consumer);
  return PTR_ERR_OR_ZERO(u->uprobe);
#else
  return uprobe_register_refctr(inode, u->probe.address, u->probe.extra, &u->consumer);
#endif
}

static int attach(struct hp_probe* probe) {
  struct user_probe* u = container_of(probe, struct user_probe, probe);
  int err = find_process(u);

  if (err) return err;
  if (probe->kind == &hp_user_entries) {
    u->consumer.handler = on_hit;
  } else {
    u->consumer.handler = u->mm ? on_call : NULL;
    u->consumer.ret_handler = on_return;
  }
  u->consumer.filter = wanted_in;
  err = kern_path(probe->text, LOOKUP_FOLLOW, &u->path);
  if (!err) {
    err = put(u);
    if (err) path_put(&u->path);
  }
  if (err && u->mm) mmdrop(u->mm);
  return err;
}

static void detach(struct hp_probe* probe) {
  struct user_probe* u = container_of(probe, struct user_probe, probe);

#ifdef UPROBE_HANDLES
  uprobe_unregister_nosync(u->uprobe, &u->consumer);
#else
  uprobe_unregister(d_real_inode(u->path.dentry), probe->address, &u->consumer);
#endif
  path_put(&u->path);
  if (u->mm) mmdrop(u->mm);
}

static void detached(void) {
#ifdef UPROBE_HANDLES
  uprobe_unregister_sync();
#endif
}

const struct hp_kind hp_user_entries = {.size = sizeof(struct user_probe),
                                        .check = check,
                                        .attach = attach,
                                        .detach = detach,
                                        .detached = detached};
const struct hp_kind hp_user_returns = {.size = sizeof(struct user_probe),
                                        .check = check,
                                        .attach = attach,
                                        .detach = detach,
                                        .detached = detached};
