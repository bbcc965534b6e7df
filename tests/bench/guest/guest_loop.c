/* Runs in a Linux guest and prints what one operation costs, in nanoseconds of the guest's clock, which its
 * VMM's host keeps: only ratios mean anything.
 *
 *     guest_loop N getppid               system calls
 *     guest_loop N cpuid|out             instructions that leave the guest: as far as KVM; as far as the VMM, which has
 *                                        no device there
 *     guest_loop N getppid_out           one and the other
 *     guest_loop N syscall|function      getppid with a probe on it that the VMM knows nothing of. /dev/hyprobe
 *                                        must be free: no agent
 *     guest_loop N raw_tp|raw_tp_hash|kprobe FILE
 *                                        getppid counted in the guest by the BPF program of that name in FILE */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "transport/trace.h"

#define UNUSED_PORT 0x5f0
#define FUNCTION "__x64_sys_getppid"

static void need(int condition, const char* what) {
  if (condition) return;
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void call(long n) {
  while (n-- > 0) syscall(SYS_getppid);
}

static void ask_cpuid(long n) {
  while (n-- > 0) {
    unsigned a = 0, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  }
}

static void write_port(long n) {
  while (n-- > 0) outb(0, UNUSED_PORT);
}

static void call_and_write_port(long n) {
  while (n-- > 0) {
    syscall(SYS_getppid);
    outb(0, UNUSED_PORT);
  }
}

static void measure(void (*operation)(long), long n) {
  operation(n / 10);
  const double start = now();
  operation(n);
  printf("NS %.1f\n", (now() - start) / (double)n);
}

static uint64_t address_of(const char* symbol) {
  FILE* f = fopen("/proc/kallsyms", "r");
  char line[512], name[256];
  unsigned long address;
  need(f != NULL, "/proc/kallsyms");
  while (fgets(line, sizeof line, f))
    if (sscanf(line, "%lx %*c %255s", &address, name) == 2 && strcmp(name, symbol) == 0) {
      fclose(f);
      return address;
    }
  need(0, symbol);
  return 0;
}

/* As the agent attaches, but under an ident and a probe id of which the host has never heard. */
static void probed(int function, long n) {
  struct {
    struct hp_attach head;
    char text[24];
  } probe = {.head = {.size = sizeof probe,
                      .probe = 1000,
                      .kind = function ? HP_KIND_FUNCTION_ENTRY : HP_KIND_SYSCALL_ENTRY,
                      .address = function ? address_of(FUNCTION) : 0,
                      .number = function ? 0 : SYS_getppid,
                      .text = function ? sizeof FUNCTION - 1 : 0},
             .text = FUNCTION};
  struct hp_ioc_attach a = {
      .ident = {1}, .probes = (uintptr_t)&probe, .size = sizeof probe, .count = 1};
  struct hp_ioc_program program = {.ident = {1}};
  struct hp_ioc_info before, after;
  const int control = open("/dev/hyprobe", O_RDWR);
  need(control >= 0, "/dev/hyprobe");
  need(ioctl(control, HP_IOC_ATTACH, &a) == 0, "HP_IOC_ATTACH");
  need(ioctl(control, HP_IOC_COMMIT, &program) == 0, "HP_IOC_COMMIT");
  need(ioctl(control, HP_IOC_INFO, &before) == 0, "HP_IOC_INFO");
  measure(call, n);
  need(ioctl(control, HP_IOC_INFO, &after) == 0, "HP_IOC_INFO");
  need(ioctl(control, HP_IOC_DETACH, &program) == 0, "HP_IOC_DETACH");
  if (after.fired - before.fired < (uint64_t)n) {
    printf("%lu firings\n", (unsigned long)(after.fired - before.fired));
    exit(1);
  }
}

static void counted_by_bpf(const char* name, const char* file, long n) {
  struct bpf_object* object = bpf_object__open_file(file, NULL);
  struct bpf_program* program;
  need(object != NULL, file);
  bpf_object__for_each_program(program, object)
      bpf_program__set_autoload(program, strcmp(bpf_program__name(program), name) == 0);
  need(bpf_object__load(object) == 0, "bpf_object__load");
  program = bpf_object__find_program_by_name(object, name);
  need(program != NULL, name);
  struct bpf_link* link = bpf_program__attach(program);
  need(link != NULL, "bpf_program__attach");
  measure(call, n);

  /* It must have counted: array or hash, by CPU. */
  const int map = bpf_object__find_map_fd_by_name(
      object, strcmp(name, "raw_tp_hash") == 0 ? "by_number" : "calls");
  const int cpus = libbpf_num_possible_cpus();
  uint64_t values[64] = {0}, sum = 0;
  const uint32_t key = strcmp(name, "raw_tp_hash") == 0 ? SYS_getppid : 0;
  need(cpus > 0 && cpus <= 64 && bpf_map_lookup_elem(map, &key, values) == 0,
       "bpf_map_lookup_elem");
  for (int i = 0; i < cpus; i++) sum += values[i];
  if (sum < (uint64_t)n) {
    printf("%lu counted\n", (unsigned long)sum);
    exit(1);
  }
  bpf_link__destroy(link);
  bpf_object__close(object);
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const long n = atol(argv[1]);
  const char* what = argv[2];
  if (strcmp(what, "getppid") == 0)
    measure(call, n);
  else if (strcmp(what, "cpuid") == 0)
    measure(ask_cpuid, n);
  else if (strcmp(what, "out") == 0 || strcmp(what, "getppid_out") == 0) {
    need(ioperm(UNUSED_PORT, 1, 1) == 0, "ioperm");
    measure(what[0] == 'o' ? write_port : call_and_write_port, n);
  } else if (strcmp(what, "syscall") == 0 || strcmp(what, "function") == 0)
    probed(what[0] == 'f', n);
  else if (argc > 3)
    counted_by_bpf(what, argv[3], n);
  else
    return 2;
  return 0;
}
