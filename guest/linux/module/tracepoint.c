// SPDX-License-Identifier: GPL-2.0
/* Tracepoints by name, of vmlinux and of kernel modules. Handlers get the arguments as the tracepoint's caller passed
 * them: an argument that is narrower than 64 bits has anything in the bits above. */
#include <linux/compiler.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>

#include "kinds.h"
#include "page.h"
#include "probe.h"

struct traced {
  struct hp_probe probe;
  struct tracepoint* tracepoint;
  struct module* module; /* NULL: vmlinux */
};

#define IN_REGISTERS 5 /* arguments beside `data` that the calling convention passes in registers */

static __always_inline bool begin(struct traced* traced, struct hp_firing* firing,
                                  unsigned long caller) {
  if (!READ_ONCE(traced->probe.ringing) || !hp_fire_begin(firing, &traced->probe)) return false;
  firing->pc = firing->top = caller;
  return true;
}

/* A function that reads more arguments than it was called with reads what its registers happened to hold. */
static void on_few(void* data, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4) {
  const u64 args[] = {a0, a1, a2, a3, a4};
  struct traced* traced = data;
  struct hp_firing firing;
  u32 i;

  if (!begin(traced, &firing, _RET_IP_)) return;
  for (i = 0; i < ARRAY_SIZE(args) && i < traced->probe.number; i++) firing.page->args[i] = args[i];
  hp_fire_end(&firing);
}
NOKPROBE_SYMBOL(on_few);

/* The rest is on the caller's stack, read only as far as there are arguments. */
static void on_many(void* data, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4) {
  const u64 args[] = {a0, a1, a2, a3, a4};
  const u64* stack =
      (const u64*)__builtin_frame_address(0) + 2; /* over the frame pointer and return address */
  struct traced* traced = data;
  struct hp_firing firing;
  u32 i;

  if (!begin(traced, &firing, _RET_IP_)) return;
  for (i = 0; i < ARRAY_SIZE(args); i++) firing.page->args[i] = args[i];
  for (; i < ARRAY_SIZE(firing.page->args) && i < traced->probe.number; i++)
    firing.page->args[i] = READ_ONCE(stack[i - ARRAY_SIZE(args)]);
  hp_fire_end(&firing);
}
NOKPROBE_SYMBOL(on_many);

static void* handler(const struct hp_probe* probe) {
  return probe->number <= IN_REGISTERS ? (void*)on_few : (void*)on_many;
}

/* --- finding them --- */

struct search {
  const char* name;
  struct tracepoint* found;
};

static void compare(struct tracepoint* tracepoint, void* data) {
  struct search* search = data;

  if (!strcmp(tracepoint->name, search->name)) search->found = tracepoint;
}

struct tracepoint* hp_kernel_tracepoint(const char* name) {
  struct search search = {.name = name};

  for_each_kernel_tracepoint(compare, &search);
  return search.found;
}

struct owner { /* a kernel module with tracepoints */
  struct list_head node;
  struct module* module;
};
static LIST_HEAD(owners); /* under hp_lock */

static struct tracepoint* module_tracepoint(const char* name, struct module** module) {
  struct owner* owner;
  int i;

  list_for_each_entry(owner, &owners, node) for (i = 0; i < owner->module->num_tracepoints; i++) {
    struct tracepoint* t = tracepoint_ptr_deref(&owner->module->tracepoints_ptrs[i]);

    if (strcmp(t->name, name)) continue;
    *module = owner->module;
    return t;
  }
  return NULL;
}

/* --- the kind --- */

static int check(const struct hp_attach* attach, const char* text) {
  return attach->text && attach->number <= 10 ? 0 : -EINVAL;
}

static int attach(struct hp_probe* probe) {
  struct traced* traced = container_of(probe, struct traced, probe);

  traced->tracepoint = hp_kernel_tracepoint(probe->text);
  if (!traced->tracepoint) traced->tracepoint = module_tracepoint(probe->text, &traced->module);
  if (!traced->tracepoint) return -ENOENT;
  return tracepoint_probe_register(traced->tracepoint, handler(probe), traced);
}

static void detach(struct hp_probe* probe) {
  struct traced* traced = container_of(probe, struct traced, probe);

  tracepoint_probe_unregister(traced->tracepoint, handler(probe), traced);
}

static void detached(void) {
  tracepoint_synchronize_unregister();
}

const struct hp_kind hp_tracepoints = {.size = sizeof(struct traced),
                                       .check = check,
                                       .attach = attach,
                                       .detach = detach,
                                       .detached = detached};

/* --- modules that come and go --- */

static void end_with(struct hp_probe* probe, void* module) {
  if (container_of(probe, struct traced, probe)->module != module) return;
  WRITE_ONCE(probe->ringing, false);
  detach(probe);
  probe->gone = true;
}

static void come(struct module* module) {
  struct owner* owner = kzalloc(sizeof(*owner), GFP_KERNEL);

  if (!owner) return; /* its tracepoints cannot be had */
  owner->module = module;
  list_add_tail(&owner->node, &owners);
}

static void leave(struct module* module) {
  struct owner *owner, *next;

  hp_probes_each(&hp_tracepoints, end_with, module);
  list_for_each_entry_safe(owner, next, &owners, node) {
    if (owner->module != module) continue;
    list_del(&owner->node);
    kfree(owner);
  }
}

static int notify(struct notifier_block* block, unsigned long event, void* data) {
  struct module* module = ((struct tp_module*)data)->mod;

  mutex_lock(&hp_lock);
  if (event == MODULE_STATE_COMING) come(module);
  if (event == MODULE_STATE_GOING) leave(module);
  mutex_unlock(&hp_lock);
  return NOTIFY_OK;
}

static struct notifier_block notifier = {.notifier_call = notify};

int hp_tracepoints_init(void) {
  return register_tracepoint_module_notifier(&notifier);
}

/* Says GOING for each module that is loaded. */
void hp_tracepoints_exit(void) {
  unregister_tracepoint_module_notifier(&notifier);
}
