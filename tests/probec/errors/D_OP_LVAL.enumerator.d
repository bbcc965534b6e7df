/* expect: probec: failed to compile script D_OP_LVAL.enumerator.d: [D_OP_LVAL] line 3: operator = requires modifiable lvalue as an operand */
enum e { A };
BEGIN { A = 6; }
