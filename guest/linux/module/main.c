// SPDX-License-Identifier: GPL-2.0
/* hyprobe.ko: attaches probes inside a Linux guest and fires them at the VMM by hypercall (transport/abi.h). What is to be
 * attached comes from the host through the virtio trace device and an agent in user space (transport/trace.h).
 *
 *   agent -> control -> program -> probe -> syscall, tracepoint, function, function_return, user, profile
 *   a probe fires -> page -> doorbell -> the VMM */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "control.h"
#include "doorbell.h"
#include "kinds.h"
#include "page.h"
#include "program.h"
#include "trace_device.h"

static char* doorbell = "auto";
module_param(doorbell, charp, 0444);
MODULE_PARM_DESC(doorbell, "auto, vmcall, xen, out or none (count firings, tell nobody)");

static int __init hyprobe_init(void) {
  int err = hp_doorbell_choose(doorbell);

  if (err) return err;
  err = hp_pages_init();
  if (err) return err;
  err = hp_kinds_init();
  if (err) goto no_kinds;
  err = hp_trace_init();
  if (err) goto no_trace;
  err = hp_control_init();
  if (!err) return 0;
  hp_trace_exit();
no_trace:
  hp_kinds_exit();
no_kinds:
  hp_pages_exit();
  return err;
}

static void __exit hyprobe_exit(void) {
  hp_control_exit();
  hp_programs_detach_all();
  hp_trace_exit();
  hp_kinds_exit();
  hp_pages_exit();
}

module_init(hyprobe_init);
module_exit(hyprobe_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Hyprobe: probes of a Linux guest that fire at its VMM");
MODULE_SOFTDEP("pre: virtio_mmio");
