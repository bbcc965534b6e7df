/* expect: probec: failed to compile script D_OP_LVAL.inline.d: [D_OP_LVAL] line 3: operator = requires modifiable lvalue as an operand */
inline int x = 1;
BEGIN { x = 6; }
