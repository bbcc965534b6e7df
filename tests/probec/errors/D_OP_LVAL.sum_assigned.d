/* expect: probec: failed to compile script D_OP_LVAL.sum_assigned.d: [D_OP_LVAL] line 2: operator = requires modifiable lvalue as an operand */
BEGIN { (1 + 2) = 3; }
