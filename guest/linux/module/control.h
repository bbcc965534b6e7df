/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/hyprobe: the ioctls of transport/trace.h, and the messages of the trace device by read(2), write(2) and
 * poll(2). Mode 0600; one process at a time holds it open. */
#ifndef HYPROBE_CONTROL_H
#define HYPROBE_CONTROL_H
int hp_control_init(void);
void hp_control_exit(void);
#endif
