/* expect: probec: failed to compile script D_OP_LVAL.string_assigned.d: [D_OP_LVAL] line 2: operator = requires modifiable lvalue as an operand */
BEGIN { "a" = "b"; }
