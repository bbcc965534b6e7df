/* expect: probec: failed to compile script D_OP_LVAL.integer_incremented.d: [D_OP_LVAL] line 2: operator ++ requires modifiable lvalue as an operand */
BEGIN { 5++; }
