/* expect: probec: failed to compile script D_OP_INT.and_pointer.d: [D_OP_INT] line 2: operator & requires operands of integral type */
BEGIN { p = (int *)0; trace(p & 1); }
