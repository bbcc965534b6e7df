/* What one getppid(2) costs in a guest, in nanoseconds, as it is or with a probe on it.
 *
 *     costs CALLS           as it is
 *     costs CALLS attach    probed by hyprobe.ko, whose doorbell rings as it was loaded to; no program runs
 *     costs CALLS bpf       counted by a BPF program on the raw tracepoint sys_enter */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "transport/trace.h"

static int fail(const char* what) {
  perror(what);
  return 1;
}

static int attach(void) {
  static struct hp_attach probe = {
      .size = sizeof probe, .probe = 1, .kind = HP_KIND_SYSCALL_ENTRY, .number = SYS_getppid};
  struct hp_ioc_attach a = {
      .ident = {1}, .probes = (uintptr_t)&probe, .size = sizeof probe, .count = 1};
  struct hp_ioc_program p = {.ident = {1}};
  const int fd = open("/dev/hyprobe", O_RDWR);
  if (fd < 0) return fail("/dev/hyprobe");
  if (ioctl(fd, HP_IOC_ATTACH, &a) < 0) return fail("attach");
  return ioctl(fd, HP_IOC_COMMIT, &p) < 0 ? fail("commit") : 0;
}

static long bpf(int command, union bpf_attr* attr) {
  return syscall(SYS_bpf, command, attr, sizeof *attr);
}

/* if (args[1] == getppid) (*map)[0]++ */
static int count_by_bpf(void) {
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.map_type = BPF_MAP_TYPE_ARRAY;
  a.key_size = 4;
  a.value_size = 8;
  a.max_entries = 1;
  const int map = (int)bpf(BPF_MAP_CREATE, &a);
  if (map < 0) return fail("BPF_MAP_CREATE");
  const struct bpf_insn program[] = {
      {BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_6, BPF_REG_1, 8, 0},
      {BPF_JMP | BPF_JNE | BPF_K, BPF_REG_6, 0, 9, SYS_getppid},
      {BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0},
      {BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0},
      {BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4},
      {BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map},
      {0, 0, 0, 0, 0},
      {BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem},
      {BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0},
      {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 1},
      {BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, 0, BPF_ADD},
      {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0},
      {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
  };
  memset(&a, 0, sizeof a);
  a.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
  a.insns = (uintptr_t)program;
  a.insn_cnt = sizeof program / sizeof program[0];
  a.license = (uintptr_t)"GPL";
  const int loaded = (int)bpf(BPF_PROG_LOAD, &a);
  if (loaded < 0) return fail("BPF_PROG_LOAD");
  memset(&a, 0, sizeof a);
  a.raw_tracepoint.name = (uintptr_t)"sys_enter";
  a.raw_tracepoint.prog_fd = (unsigned)loaded;
  return bpf(BPF_RAW_TRACEPOINT_OPEN, &a) < 0 ? fail("BPF_RAW_TRACEPOINT_OPEN") : 0;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char** argv) {
  const long calls = argc > 1 ? atol(argv[1]) : 1000;
  if (argc > 2 && strcmp(argv[2], "attach") == 0 && attach() != 0) return 1;
  if (argc > 2 && strcmp(argv[2], "bpf") == 0 && count_by_bpf() != 0) return 1;
  for (long i = 0; i < calls / 10; i++) syscall(SYS_getppid);
  const double start = now();
  for (long i = 0; i < calls; i++) syscall(SYS_getppid);
  printf("NS %.1f\n", (now() - start) / (double)calls);
  return 0;
}
