/* System calls and memory copies that signal handlers know by address.
 *
 * hp_safe_syscall runs a guest's call so that no signal is lost: the handler records the signal, and
 * if the interrupted RIP lies in [hp_safe_start, hp_safe_insn] the call has not happened (or the
 * kernel put RIP back on it to restart it), so it moves RIP to hp_safe_abort and the call comes back
 * as kRestart (thread.hpp): deliver the signal, then run the SYSCALL instruction again. */
    .text
    .globl hp_safe_syscall, hp_safe_start, hp_safe_insn, hp_safe_abort
    .type hp_safe_syscall, @function
hp_safe_syscall: /* (long nr, const uint64_t args[6], const int *captured) */
    mov %rdi, %rax
    mov %rdx, %rcx
    mov %rsi, %r11
    mov 0(%r11), %rdi
    mov 8(%r11), %rsi
    mov 16(%r11), %rdx
    mov 24(%r11), %r10
    mov 32(%r11), %r8
    mov 40(%r11), %r9
hp_safe_start:
    cmpl $0, (%rcx)
    jne hp_safe_abort
hp_safe_insn:
    syscall
    ret
hp_safe_abort:
    mov $-512, %rax
    ret

/* uint64_t hp_copy(void *dst, const void *src, size_t n): bytes left, 0 = all copied. A fault inside
 * ends the copy (GuestMemory::fixup). */
    .globl hp_copy, hp_copy_end
    .type hp_copy, @function
hp_copy:
    mov %rdx, %rcx
    rep movsb
hp_copy_end:
    mov %rcx, %rax
    ret

/* uint64_t hp_copy_string(char *dst, const char *src, size_t n): copies until NUL or n bytes; returns
 * bytes copied before NUL; if a fault ended it, that count with bit 63 set; bit 62: no NUL in n. */
    .globl hp_copy_string, hp_copy_string_fault
    .type hp_copy_string, @function
hp_copy_string:
    xor %eax, %eax
1:  cmp %rdx, %rax
    jae 2f
    movb (%rsi,%rax), %cl
    movb %cl, (%rdi,%rax)
    testb %cl, %cl
    je 3f
    inc %rax
    jmp 1b
2:  btsq $62, %rax
3:  ret
hp_copy_string_fault:
    btsq $63, %rax
    ret

/* long hp_raw_clone(long flags, void *stack, int *ptid, int *ctid, void *tls, int (*fn)(void*), on
 * the new stack's top: fn's argument). The child calls fn(arg) and must not return from it. */
    .globl hp_raw_clone
    .type hp_raw_clone, @function
hp_raw_clone: /* rdi flags, rsi stack, rdx ptid, rcx ctid, r8 tls, r9 fn, 8(%rsp) arg */
    mov 8(%rsp), %rax
    lea -16(%rsi), %rsi
    mov %r9, 0(%rsi)
    mov %rax, 8(%rsi)
    mov %rcx, %r10
    mov $56, %eax
    syscall
    test %rax, %rax
    jz 1f
    ret
1:  xor %ebp, %ebp
    pop %rax
    pop %rdi
    and $-16, %rsp
    call *%rax
    ud2

/* Ends the calling thread (nr: exit) or process (exit_group); *busy = 0 hands its stack to the next
 * one, so nothing may touch the stack after that store. Signals are blocked.
 * void hp_exit_releasing(long nr, int status, int *busy) */
    .globl hp_exit_releasing
    .type hp_exit_releasing, @function
hp_exit_releasing:
    mov %rdi, %rax
    mov %esi, %edi
    movl $0, (%rdx)
    syscall
    ud2

/* Return from a host signal handler installed with SA_RESTORER. */
    .globl hp_restorer
    .type hp_restorer, @function
hp_restorer:
    mov $15, %eax
    syscall

    .section .note.GNU-stack, "", @progbits
