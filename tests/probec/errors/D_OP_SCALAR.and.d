/* expect: probec: failed to compile script D_OP_SCALAR.and.d: [D_OP_SCALAR] line 2: operator && requires operands of scalar type */
BEGIN /"a" && "b"/ { }
