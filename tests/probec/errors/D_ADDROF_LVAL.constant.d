/* expect: probec: failed to compile script D_ADDROF_LVAL.constant.d: [D_ADDROF_LVAL] line 2: unary & operator requires an lvalue operand */
BEGIN { trace(&1); }
