// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(format) KBUILD_MODNAME ": " format

#include "doorbell.h"

#include <asm/cpufeature.h>
#include <asm/processor.h>
#include <linux/cache.h>
#include <linux/kernel.h>
#include <linux/string.h>

u32 hp_doorbell __ro_after_init;
u16 hp_doorbell_port __ro_after_init;

/* The hypervisor's leaves of CPUID: what transport/abi.h calls discovery. Returns HP_DOORBELL_* that work. */
static u32 offered(void) {
  u32 eax, signature[3], works, port, guest;

  if (!boot_cpu_has(X86_FEATURE_HYPERVISOR)) return 0;
  cpuid(HP_CPUID_BASE, &eax, &signature[0], &signature[1], &signature[2]);
  if (memcmp(signature, HP_CPUID_SIGNATURE, sizeof(signature)) || eax < HP_CPUID_ABI) return 0;
  cpuid(HP_CPUID_ABI, &eax, &works, &port, &guest);
  if (eax != HP_ABI_VERSION) {
    pr_err("the VMM's ABI is version %u, this module's %u\n", eax, HP_ABI_VERSION);
    return 0;
  }
  hp_doorbell_port = port;
  return works;
}

int hp_doorbell_choose(const char* name) {
  static const struct {
    const char* name;
    u32 doorbell;
  } names[] = {
      /* auto takes the first that works: the cheapest exit first */
      {"vmcall", HP_DOORBELL_VMCALL},
      {"xen", HP_DOORBELL_XEN},
      {"out", HP_DOORBELL_OUT},
  };
  u32 works, i;

  hp_doorbell = 0;
  if (!strcmp(name, "none")) return 0;
  works = offered();
  for (i = 0; i < ARRAY_SIZE(names); i++) {
    if (strcmp(name, "auto") && strcmp(name, names[i].name)) continue;
    if (!(works & names[i].doorbell)) continue;
    hp_doorbell = names[i].doorbell;
    pr_info("doorbell %s\n", names[i].name);
    return 0;
  }
  pr_err("no doorbell \"%s\" here (the VMM offers %#x)\n", name, works);
  return -ENODEV;
}

/* Of the two instructions the CPU's own: KVM would patch the other, which read-only text cannot take. */
static __always_inline long vmcall(u64 rax, u64 rbx, u64 rcx, u64 rdx, u64 rdi) {
  if (boot_cpu_has(X86_FEATURE_VMMCALL))
    asm volatile("vmmcall" : "+a"(rax) : "b"(rbx), "c"(rcx), "d"(rdx), "D"(rdi) : "memory");
  else
    asm volatile("vmcall" : "+a"(rax) : "b"(rbx), "c"(rcx), "d"(rdx), "D"(rdi) : "memory");
  return rax;
}

long hp_ring(u64 call, u64 argument, u64 page) {
  switch (hp_doorbell) {
    case HP_DOORBELL_VMCALL:
      return vmcall(HP_HC_KVM_MAP_GPA_RANGE, page, 1, call | argument << 8, 0);
    case HP_DOORBELL_XEN:
      return vmcall(call, 0, 0, 0, argument);
    case HP_DOORBELL_OUT:
      asm volatile("outb %%al, %%dx"
                   : "+a"(call)
                   : "d"(hp_doorbell_port), "D"(argument)
                   : "memory");
      return call;
  }
  return HP_RC_OK;
}
