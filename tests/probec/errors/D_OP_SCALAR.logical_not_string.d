/* expect: probec: failed to compile script D_OP_SCALAR.logical_not_string.d: [D_OP_SCALAR] line 2: operator ! requires an operand of scalar type */
BEGIN { x = !"a"; }
