// SPDX-License-Identifier: GPL-2.0
#include "control.h"

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "doorbell.h"
#include "kinds.h"
#include "page.h"
#include "program.h"
#include "trace_device.h"

static atomic_t holders = ATOMIC_INIT(0);
static u64 text_start;

/* The kernel exports no symbol that says where its text begins; a kprobe that is never armed does, whether it is
 * taken or not. */
static u64 find_text_start(void) {
  struct kprobe kp = {.symbol_name = "_text", .flags = KPROBE_FLAG_DISABLED};
  u64 address;

  if (register_kprobe(&kp) == 0) {
    address = (unsigned long)kp.addr;
    unregister_kprobe(&kp);
  } else {
    address = (unsigned long)kp.addr;
  }
  return address & PAGE_MASK;
}

static long info(struct hp_ioc_info __user* to) {
  struct hp_ioc_info i = {
      .abi = HP_ABI_VERSION,
      .doorbell = hp_doorbell,
      .text_start = text_start,
  };

  hp_programs_count(&i.programs, &i.probes);
  hp_fire_counts(&i.fired, &i.missed);
  i.missed += hp_function_returns_missed();
  return copy_to_user(to, &i, sizeof(i)) ? -EFAULT : 0;
}

static long attach(struct hp_ioc_attach __user* user) {
  struct hp_ioc_attach a;
  void* attaches = NULL;
  long err;

  if (copy_from_user(&a, user, sizeof(a))) return -EFAULT;
  if (a.reserved || a.size > HP_ATTACH_MAX || a.count > a.size / sizeof(struct hp_attach))
    return -EINVAL;
  if (put_user(0, &user->failed)) return -EFAULT;
  if (a.size) {
    attaches = vmemdup_user(u64_to_user_ptr(a.probes), a.size);
    if (IS_ERR(attaches)) return PTR_ERR(attaches);
  }
  err = hp_program_attach(a.ident, attaches, a.size, a.count, &a.failed);
  kvfree(attaches);
  if (err && put_user(a.failed, &user->failed)) return -EFAULT;
  return err;
}

static long nth(struct hp_ioc_program __user* user) {
  struct hp_ioc_program p;
  long err;

  if (copy_from_user(&p, user, sizeof(p))) return -EFAULT;
  err = hp_program_nth(&p);
  if (err) return err;
  return copy_to_user(user, &p, sizeof(p)) ? -EFAULT : 0;
}

static long control(struct file* file, unsigned int command, unsigned long argument) {
  void __user* user = (void __user*)argument;
  struct hp_ioc_program p;

  switch (command) {
    case HP_IOC_INFO:
      return info(user);
    case HP_IOC_ATTACH:
      return attach(user);
    case HP_IOC_PROGRAM:
      return nth(user);
    case HP_IOC_COMMIT:
    case HP_IOC_DETACH:
      if (copy_from_user(&p, user, sizeof(p))) return -EFAULT;
      return command == HP_IOC_COMMIT ? hp_program_commit(p.ident) : hp_program_detach(p.ident);
  }
  return -ENOTTY;
}

static int open_control(struct inode* inode, struct file* file) {
  if (atomic_cmpxchg(&holders, 0, 1)) return -EBUSY;
  return nonseekable_open(inode, file);
}

static int close_control(struct inode* inode, struct file* file) {
  atomic_set(&holders, 0);
  return 0;
}

static const struct file_operations operations = {
    .owner = THIS_MODULE,
    .open = open_control,
    .release = close_control,
    .read = hp_trace_read,
    .write = hp_trace_write,
    .poll = hp_trace_poll,
    .unlocked_ioctl = control,
    .compat_ioctl = compat_ptr_ioctl,
    .llseek = noop_llseek,
};

static struct miscdevice device = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "hyprobe",
    .fops = &operations,
    .mode = 0600,
};

int hp_control_init(void) {
  text_start = find_text_start();
  return misc_register(&device);
}

void hp_control_exit(void) {
  misc_deregister(&device);
}
