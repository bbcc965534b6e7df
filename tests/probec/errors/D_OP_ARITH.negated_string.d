/* expect: probec: failed to compile script D_OP_ARITH.negated_string.d: [D_OP_ARITH] line 2: operator - requires an operand of arithmetic type */
BEGIN { x = -"a"; }
