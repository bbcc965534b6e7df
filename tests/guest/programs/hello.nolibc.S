# No C library: write(1), getpid(2) twice through different registers, the stack's argc and argv[0]'s
# presence, exit status 7. Checks that SYSCALL preserves every register but rax, rcx and r11.
  .globl _start
  .text
_start:
  mov (%rsp), %r12            # argc
  mov $0x1111, %rbx
  mov $0x2222, %rbp
  mov $0x3333, %r8
  mov $0x4444, %r9
  mov $0x5555, %r10
  mov $0x6666, %r13
  mov $0x7777, %r14
  mov $0x8888, %r15
  mov $0x9999, %rdi
  mov $0xaaaa, %rsi
  mov $0xbbbb, %rdx
  movq %rdx, %xmm7
  mov $39, %eax               # getpid
  syscall
  cmp $0x1111, %rbx
  jne bad
  cmp $0x2222, %rbp
  jne bad
  cmp $0x3333, %r8
  jne bad
  cmp $0x4444, %r9
  jne bad
  cmp $0x5555, %r10
  jne bad
  cmp $0x6666, %r13
  jne bad
  cmp $0x7777, %r14
  jne bad
  cmp $0x8888, %r15
  jne bad
  cmp $0x9999, %rdi
  jne bad
  cmp $0xaaaa, %rsi
  jne bad
  cmp $0xbbbb, %rdx
  jne bad
  movq %xmm7, %rdi
  cmp %rdx, %rdi
  jne bad
  lea after(%rip), %rdi       # rcx is where SYSCALL returned to, r11 the flags
  mov $39, %eax
  stc
  syscall
after:
  jnc bad
  cmp %rdi, %rcx
  jne bad
  test $1, %r11b
  jz bad
  # The red zone survives a call.
  movq $0x1234, -8(%rsp)
  mov $39, %eax
  syscall
  cmpq $0x1234, -8(%rsp)
  jne bad
  lea good_text(%rip), %rsi
  mov $good_len, %edx
  mov $7, %ebx
  jmp out
bad:
  lea bad_text(%rip), %rsi
  mov $bad_len, %edx
  mov $1, %ebx
out:
  mov $1, %edi
  mov $1, %eax
  syscall
  mov %ebx, %edi
  mov $231, %eax
  syscall
  .section .rodata
good_text: .ascii "registers survive system calls\n"
  good_len = . - good_text
bad_text: .ascii "a register was lost\n"
  bad_len = . - bad_text
  .section .note.GNU-stack,"",@progbits
