#include "guest_code.hpp"

/* clang-format off */
asm(R"(
  .pushsection .rodata
  .macro guest name
    .globl guest_\name, guest_\name\()_end
    guest_\name:
  .endm
  .macro off
    mov $0x604, %dx
    mov $(5 << 10 | 1 << 13), %ax
    out %ax, %dx
    jmp .
  .endm
  .macro hypercall number, argument
    mov $\number, %rax
    mov $\argument, %rdi
    out %al, $0x84
    mov %rax, (%rbx)
    add $8, %rbx
  .endm

  guest power_off
    mov $0x3f8, %dx
    mov $'h', %al
    out %al, %dx
    mov $'i', %al
    out %al, %dx
    mov $'\n', %al
    out %al, %dx
    off
  guest_power_off_end:

  guest reset
    movl $1, 32 << 20
    mov $0xfe, %al
    out %al, $0x64
    jmp .
  guest_reset_end:

  guest reset_control
    mov $0xcf9, %dx
    mov $6, %al
    out %al, %dx
    jmp .
  guest_reset_control_end:

  guest panic
    mov $0x505, %dx
    in %dx, %al
    out %al, %dx
    mov $0xfe, %al
    out %al, $0x64
    jmp .
  guest_panic_end:

  guest triple_fault
    push $0
    push $0
    lidt (%rsp)
    mov $0x2000000000, %rax      /* not mapped; nor is there a handler */
    mov (%rax), %rax
    jmp .
  guest_triple_fault_end:

  guest count
    incq 32 << 20
    jmp guest_count
  guest_count_end:

  guest echo
    mov $0x3fd, %dx
    in %dx, %al
    test $1, %al
    jz guest_echo
    mov $0x3f8, %dx
    in %dx, %al
    out %al, %dx
    cmp $'q', %al
    jne guest_echo
    off
  guest_echo_end:

  guest doorbell
    mov $(32 << 20), %rbx
    hypercall 2, 0               /* FIRE without a page */
    hypercall 1, 12345           /* REGISTER: not a page's address */
    hypercall 1, 0x7ffffff000    /* beyond the memory */
    hypercall 1, 0xd0000000      /* a device, no memory */
    hypercall 1, 33 << 20        /* a page */
    hypercall 2, 0               /* FIRE */
    hypercall 77, 0              /* no such hypercall */
    hypercall 1, 0               /* withdraw the page */
    hypercall 2, 0               /* FIRE without a page again */
    off
  guest_doorbell_end:

  guest devices
    mov $(32 << 20), %rbx
    mov $0xd0000000, %ecx
    mov (%rcx), %eax             /* claimed */
    mov %rax, (%rbx)
    movl $0x1234, 8(%rcx)
    mov $0xd0001000, %ecx
    mov (%rcx), %eax             /* nobody's: ones */
    mov %rax, 8(%rbx)
    movl $7, (%rcx)
    mov $0x999, %dx
    in %dx, %eax
    mov %rax, 16(%rbx)
    off
  guest_devices_end:
  .popsection
)");
/* clang-format on */

#define GUEST(name)                                           \
  extern "C" const char guest_##name[], guest_##name##_end[]; \
  std::string_view hp::test::name##_code() {                  \
    return {guest_##name, guest_##name##_end};                \
  }

GUEST(power_off)
GUEST(reset)
GUEST(reset_control)
GUEST(panic)
GUEST(triple_fault)
GUEST(count)
GUEST(echo)
GUEST(doorbell)
GUEST(devices)
