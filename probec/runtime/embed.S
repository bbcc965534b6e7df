/* The runtime's bitcode as data of the compiler. HP_RUNTIME_BITCODE: its path, in quotes. */
    .section .rodata
    .balign 16
    .globl hp_runtime_bitcode
hp_runtime_bitcode:
    .incbin HP_RUNTIME_BITCODE
    .globl hp_runtime_bitcode_end
hp_runtime_bitcode_end:
    .byte 0
    .section .note.GNU-stack,"",@progbits
