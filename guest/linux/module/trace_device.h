/* SPDX-License-Identifier: GPL-2.0 */
/* The driver of the virtio trace device: whole messages between its queues and /dev/hyprobe, unread. One device
 * is served. It may go while /dev/hyprobe is open: then reads and writes say ENODEV until another comes. */
#ifndef HYPROBE_TRACE_DEVICE_H
#define HYPROBE_TRACE_DEVICE_H
#include <linux/fs.h>
#include <linux/poll.h>

/* One message each. EMSGSIZE: it does not fit (and waits for a larger read), or is larger than HP_MSG_MAX. */
ssize_t hp_trace_read(struct file* file, char __user* to, size_t size, loff_t* at);
ssize_t hp_trace_write(struct file* file, const char __user* from, size_t size, loff_t* at);
__poll_t hp_trace_poll(struct file* file, poll_table* table);

int hp_trace_init(void);
void hp_trace_exit(void);
#endif
