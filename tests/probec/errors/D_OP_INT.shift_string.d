/* expect: probec: failed to compile script D_OP_INT.shift_string.d: [D_OP_INT] line 2: operator << requires operands of integral type */
BEGIN { trace("a" << 1); }
