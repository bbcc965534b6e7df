/* The code a process guest runs outside its program: the gate page, and the exception stubs.
 *
 * The gate page is copied into the guest's system memory and mapped for every vCPU at
 * kGateGva + 8192 * n, followed by that vCPU's slot page (struct Slot in slot.hpp), which the code
 * reaches RIP-relative: no register is needed. SYSCALL leaves the return address in RCX and RFLAGS in
 * R11 and comes here through LSTAR, at CPL0 on hardware and at CPL3 on some KVM hosts; hence two
 * variants, chosen once by the trampoline at the top (see Machine::learn_gate). It also reads the TSC:
 * the vDSO's clocks are right only if the guest's is the host's.
 *
 *   doorbell: OUT to port 0x80 leaves the guest; the monitor puts the result in RAX.
 *   slot:     if the helper thread is polling (claim bit 0), hand the call over and spin for `done`:
 *             1 = result is there, 2 = the helper declined, take the doorbell.
 *
 * Up to the claim no register is changed, so a vCPU stopped there can be moved back to the SYSCALL.
 * After it the monitor completes the call on the vCPU's behalf (labels hp_gate*_claimed, *_finished, *_tail).
 */
#include "slot_layout.h"

#define SLOT(off) (hp_gate_page + 4096 + (off))(%rip)

    .section .rodata
    .balign 4096
    .globl hp_gate_page, hp_gate_page_end
    .globl hp_gate_trampoline, hp_gate_learn
hp_gate_page:
hp_gate_trampoline:
    rdtsc
    shl $32, %rdx
    or %rax, %rdx
    mov %rdx, %rbx
    syscall
    .balign 16
hp_gate_learn:
    out %al, $HP_GATE_PORT_LEARN
    .balign 16

.macro GATE name, return_insn:vararg
    .globl hp_gate\name\()_doorbell, hp_gate\name\()_slot, hp_gate\name\()_claimed
    .globl hp_gate\name\()_slot_doorbell, hp_gate\name\()_finished, hp_gate\name\()_tail
    .globl hp_gate\name\()_decide
hp_gate\name\()_doorbell:
    out %al, $HP_GATE_PORT_DOORBELL
    \return_insn
    .balign 64
hp_gate\name\()_slot:
    testl $1, SLOT(HP_SLOT_CLAIM)
    jz hp_gate\name\()_slot_doorbell
    mov %rax, SLOT(HP_SLOT_NR)
    mov %rdi, SLOT(HP_SLOT_ARGS + 0)
    mov %rsi, SLOT(HP_SLOT_ARGS + 8)
    mov %rdx, SLOT(HP_SLOT_ARGS + 16)
    mov %r10, SLOT(HP_SLOT_ARGS + 24)
    mov %r8, SLOT(HP_SLOT_ARGS + 32)
    mov %r9, SLOT(HP_SLOT_ARGS + 40)
    mov %rcx, SLOT(HP_SLOT_PC)
    mov %rsp, SLOT(HP_SLOT_STACK)
    mov %rbp, SLOT(HP_SLOT_FRAME)
    mov %rbx, SLOT(HP_SLOT_SAVED + 0)
    mov %r12, SLOT(HP_SLOT_SAVED + 8)
    mov %r13, SLOT(HP_SLOT_SAVED + 16)
    mov %r14, SLOT(HP_SLOT_SAVED + 24)
    mov %r15, SLOT(HP_SLOT_SAVED + 32)
    mov %r11, SLOT(HP_SLOT_SAVED + 40)
    lock btrl $0, SLOT(HP_SLOT_CLAIM)
hp_gate\name\()_decide:
    jnc hp_gate\name\()_slot_doorbell
hp_gate\name\()_claimed:
    pause
    cmpl $0, SLOT(HP_SLOT_DONE)
    je hp_gate\name\()_claimed
    cmpl $1, SLOT(HP_SLOT_DONE)
    jne 1f
    mov %r11, SLOT(HP_SLOT_FLAGS)
    mov SLOT(HP_SLOT_FLAGS), %ah
    sahf
    mov SLOT(HP_SLOT_RESULT), %rax
    movl $0, SLOT(HP_SLOT_DONE)
hp_gate\name\()_finished:
    \return_insn
1:  movl $0, SLOT(HP_SLOT_DONE)
hp_gate\name\()_slot_doorbell:
    out %al, $HP_GATE_PORT_DOORBELL
    mov %rax, SLOT(HP_SLOT_RESULT)
hp_gate\name\()_tail:
    mov %r11, SLOT(HP_SLOT_FLAGS)
    mov SLOT(HP_SLOT_FLAGS), %ah
    sahf
    mov SLOT(HP_SLOT_RESULT), %rax
    \return_insn
    .balign 64
.endm

    GATE 3, jmp *%rcx
    GATE 0, sysretq
hp_gate_page_end:

/* Exception stubs, 16 bytes each: stop in the monitor, then go back through the frame it left. */
    .balign 4096
    .globl hp_exception_stubs, hp_exception_stubs_end
hp_exception_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    hlt
    .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
    add $8, %rsp
    .endif
    iretq
    .set vector, vector + 1
    .endr
    .balign 4096
hp_exception_stubs_end:

    .section .note.GNU-stack, "", @progbits
