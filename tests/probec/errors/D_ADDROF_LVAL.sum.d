/* expect: probec: failed to compile script D_ADDROF_LVAL.sum.d: [D_ADDROF_LVAL] line 2: unacceptable operand for unary & operator */
BEGIN { trace(&(1 + 2)); }
