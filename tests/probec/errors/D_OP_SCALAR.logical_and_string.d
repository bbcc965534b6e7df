/* expect: probec: failed to compile script D_OP_SCALAR.logical_and_string.d: [D_OP_SCALAR] line 2: operator && requires operands of scalar type */
BEGIN { x = "a" && 1; }
