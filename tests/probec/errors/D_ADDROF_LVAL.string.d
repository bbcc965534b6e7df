/* expect: probec: failed to compile script D_ADDROF_LVAL.string.d: [D_ADDROF_LVAL] line 2: unacceptable operand for unary & operator */
BEGIN { trace(&"a"); }
