/* expect: probec: failed to compile script D_OP_ARITH.addstr.d: [D_OP_ARITH] line 2: operator * requires operands of arithmetic type */
BEGIN { x = "a" * 2; }
