/* expect: probec: failed to compile script D_OP_LVAL.constant.d: [D_OP_LVAL] line 2: operator = requires an lvalue as its left-hand operand */
BEGIN { 1 = 2; }
