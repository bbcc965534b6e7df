/* expect: probec: failed to compile script D_STACK_SIZE.variable.d: [D_STACK_SIZE] line 2: stack( ) size must be a non-zero positive integral constant expression */
BEGIN { stack(cpu); }
