/* expect: probec: failed to compile script D_OP_INT.or_assign.d: [D_OP_INT] line 2: operator |= requires operands of integral type */
BEGIN { x = "a"; x |= 1; }
