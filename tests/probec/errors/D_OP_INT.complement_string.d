/* expect: probec: failed to compile script D_OP_INT.complement_string.d: [D_OP_INT] line 2: operator ~ requires an operand of integral type */
BEGIN { x = ~"a"; }
