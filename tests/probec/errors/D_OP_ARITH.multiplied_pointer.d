/* expect: probec: failed to compile script D_OP_ARITH.multiplied_pointer.d: [D_OP_ARITH] line 2: operator * requires operands of arithmetic type */
BEGIN { p = (int *)0; trace(p * 2); }
