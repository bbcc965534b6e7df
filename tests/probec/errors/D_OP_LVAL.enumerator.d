/* expect: probec: failed to compile script D_OP_LVAL.enumerator.d: [D_OP_LVAL] line 3: operator = requires an lvalue as its left-hand operand */
enum e { A };
BEGIN { A = 6; }
