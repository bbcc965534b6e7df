/* How the processes of a process guest learn which programs to run.
 *
 * A guest is a tree of host processes, each a monitor (hyprobe-guest) with a VM of its own. Its
 * supervisor (probec -c, probevm exec) creates the guest-control memfd below and a Unix
 * SOCK_SEQPACKET socketpair, and starts the first monitor with both. fork(2) inherits them, exec
 * passes them on. Monitors read the control page on every system call (one load and a test when
 * nothing is enabled); only the supervisor writes it, except for the statistics.
 *
 * A monitor that meets an enabled program slot it has not loaded (or whose generation changed) sends
 * hp_ctl_request over the shared socket with the end of a fresh socketpair attached (SCM_RIGHTS);
 * the supervisor answers on that end with hp_ctl_reply and two descriptors: the object (sealed memfd)
 * and the program segment. So replies never mix, and nothing depends on paths, chroots or user ids.
 */
#ifndef TRANSPORT_CONTROL_H
#define TRANSPORT_CONTROL_H
#include <stdint.h>

#include "transport/segment.h"

#define HP_CTL_MAGIC 0x544c5043u
#define HP_CTL_VERSION 1u
#define HP_CTL_PROGRAMS 64u  /* one bit each in the masks */
#define HP_CTL_SYSCALLS 512u /* x86-64 numbers; larger numbers fire as "unknown" (index 511) */

/* Probe IDs of the static universe that every process guest shares. */
#define HP_PROBE_BEGIN 1u
#define HP_PROBE_END 2u
#define HP_PROBE_ERROR 3u
#define HP_PROBE_SYSCALL 4u                                        /* + 2 * nr + (return ? 1 : 0) */
#define HP_PROBE_DYNAMIC (HP_PROBE_SYSCALL + 2u * HP_CTL_SYSCALLS) /* profile, tick, ... */

enum { HP_PROG_FREE = 0, HP_PROG_PREPARED = 1, HP_PROG_COMMITTED = 2, HP_PROG_DEAD = 3 };
enum { HP_GATE_AUTO = 0, HP_GATE_DOORBELL = 1, HP_GATE_SLOT = 2 };

struct hp_ctl_program {
  uint32_t state;      /* atomic HP_PROG_*: clauses fire only in COMMITTED */
  uint32_t generation; /* atomic: changes whenever the slot is reused */
  uint8_t ident[16];
};

struct hp_ctl {
  uint32_t magic, version;
  uint32_t vmid;
  uint32_t gate; /* HP_GATE_*: which way out system calls take */
  char name[HP_NAME_MAX];
  char hostname[HP_NAME_MAX];
  char osversion[HP_NAME_MAX];
  uint64_t pid_namespace; /* of the supervisor: inode of /proc/self/ns/pid; 0 unknown */
  uint32_t paused; /* atomic futex: 1 = the first monitor waits before its first instruction */
  /* statistics, written by monitors, atomic */
  uint64_t syscalls_doorbell, syscalls_slot;
  uint64_t load_failures; /* programs that a monitor could not load */
  uint64_t any;           /* atomic: bit per program with anything enabled; 0 = fast path */
  uint64_t profile;       /* atomic: bit per program that samples the guest's threads */
  uint32_t profile_epoch; /* atomic: changes after `profile` did; never 0 */
  uint32_t late_programs; /* programs may come while the guest runs: its threads look for them */
  uint64_t mask[HP_CTL_SYSCALLS][2]; /* atomic: bit per program; [nr][0] entry, [nr][1] return */
  struct hp_ctl_program program[HP_CTL_PROGRAMS];
  uint64_t threads; /* atomic: the last thread number given (hp_firing.thread) */
};

enum { HP_CTL_GET_PROGRAM = 1, HP_CTL_PANIC = 2 /* kill the guest; no answer, no descriptor */ };
struct hp_ctl_request {
  uint32_t op, slot, generation;
  int32_t pid;
};
struct hp_ctl_reply {
  int32_t error;
  uint32_t generation; /* then SCM_RIGHTS: object, segment */
};

#endif
