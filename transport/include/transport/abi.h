/* The hypercall ABI: how a guest fires a probe at its VMM. C11 and C++20, kernel and user space.
 *
 * Discovery. A guest reads CPUID leaf HP_CPUID_BASE: EBX, ECX, EDX spell HP_CPUID_SIGNATURE, EAX is the
 * highest leaf. HP_CPUID_ABI says the ABI's version, which doorbells work on this host and the port.
 * Nothing else may be assumed: hosts differ (see below), and the VMM finds out by a bounded run of a
 * tiny guest at its own start.
 *
 * Doorbells. Number HP_HC_FIRE and arguments, result in RAX:
 *
 *   HP_DOORBELL_VMCALL  VMCALL or VMMCALL, by CPU vendor (KVM patches the wrong one in place, which
 *                       read-only text cannot take), at CPL 0. KVM returns only KVM_HC_MAP_GPA_RANGE
 *                       (12) to user space, so RAX = 12, RBX = a page-aligned GPA (the probe page's),
 *                       RCX = 1, RDX = HP_HC_* | argument << 8, other registers free.
 *   HP_DOORBELL_XEN     the same instruction where KVM_XEN_HVM_CONFIG_INTERCEPT_HCALL is on: RAX = HP_HC_*,
 *                       RDI, RSI, RDX, R10, R8, R9 = arguments.
 *   HP_DOORBELL_OUT     OUT of one byte to the port of HP_CPUID_ABI; registers as for XEN, but RAX is
 *                       sent and received whole. Works everywhere, at CPL 3 if the VMM allows the port.
 *
 * Probe page. What does not fit in registers travels in one page per vCPU that the guest registers with
 * HP_HC_REGISTER (argument: its GPA) before it fires, from the vCPU whose page it is. It is guest-controlled:
 * the VMM reads each field once, validates, then uses it. Who the guest is (vmid, vmname) never comes from
 * there, nor do timestamps. The page is used by one firing at a time: the guest fills it and rings with
 * interrupts off. */
#ifndef TRANSPORT_ABI_H
#define TRANSPORT_ABI_H
#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#define HP_ABI_VERSION 2u

#define HP_CPUID_BASE 0x40000100u
#define HP_CPUID_SIGNATURE "HyprobeVMM.." /* 12 bytes, EBX ECX EDX */
#define HP_CPUID_ABI 0x40000101u
/* HP_CPUID_ABI: EAX = HP_ABI_VERSION, EBX = HP_DOORBELL_* that work, ECX = port, EDX = HP_GUEST_* */
#define HP_CPUID_LAST HP_CPUID_ABI

#define HP_DOORBELL_OUT 1u
#define HP_DOORBELL_VMCALL 2u
#define HP_DOORBELL_XEN 4u

#define HP_GUEST_PROCESS 1u /* a process guest: system calls are the host kernel's */
#define HP_GUEST_LINUX 2u

/* I/O ports. The first two are the process guest's gate. */
#define HP_PORT_DOORBELL 0x80
#define HP_PORT_LEARN 0x81
#define HP_PORT_FIRE 0x84

#define HP_HC_KVM_MAP_GPA_RANGE 12u /* RAX of the VMCALL doorbell */
#define HP_HC_REGISTER 1u           /* argument: GPA of this vCPU's probe page, 0 = withdraw */
#define HP_HC_FIRE 2u               /* the probe page holds a probe */

/* Results. */
#define HP_RC_OK 0
#define HP_RC_UNKNOWN -1 /* no such hypercall, or of a newer ABI */
#define HP_RC_INVALID -2

/* One per vCPU. All fields guest-controlled. Little-endian, 8-byte aligned. */
#define HP_PROBE_FRAMES 128
struct hp_probe_page {
  uint32_t magic; /* HP_PROBE_MAGIC */
  uint32_t version;
  uint32_t probe; /* probe id, as enabled */
  uint32_t flags; /* HP_PROBE_* */
  uint64_t args[10];
  int32_t pid, tid, ppid; /* in the guest's initial namespace */
  uint32_t uid, gid;
  int32_t err; /* of a returning system call */
  char comm[16];
  uint64_t pc, user_stack, user_frame; /* of user mode; 0: a kernel thread */
  uint64_t task;                       /* the current task_struct's address */
  uint64_t start;                  /* of the thread: ns since boot; with tid it names a thread */
  uint64_t cputime;                /* ns of CPU time that the thread has used */
  uint64_t args_start, args_end;   /* of the process's argument strings; 0 unknown */
  uint64_t kernel_pc;              /* where the probe is; its caller's, for tracepoints */
  uint64_t uregs[21];              /* HP_PROBE_UREGS: struct pt_regs as user mode was left */
  uint32_t nstack;                 /* HP_PROBE_STACK: frames that follow, innermost first */
  uint32_t vcpu;                   /* the guest's number of this CPU */
  uint64_t stack[HP_PROBE_FRAMES]; /* kernel addresses */
  uint8_t spare[4096 - 384 - 8 * HP_PROBE_FRAMES];
};
#define HP_PROBE_MAGIC 0x42505048u /* "HPPB" */
#define HP_PROBE_RETURN 1u
#define HP_PROBE_USER 2u  /* fired in user mode: uprobes, profile; args point to user memory */
#define HP_PROBE_UREGS 4u /* uregs is filled */
#define HP_PROBE_STACK 8u /* stack is filled */

#if defined(__cplusplus)
static_assert(sizeof(struct hp_probe_page) == 4096, "the probe page is a page");
static_assert(sizeof(HP_CPUID_SIGNATURE) == 13, "three registers");
#else
_Static_assert(sizeof(struct hp_probe_page) == 4096, "the probe page is a page");
#endif
#endif
