/* expect: probec: failed to compile script D_OP_SCALAR.increment.d: [D_OP_SCALAR] line 2: operator ++ requires operand of scalar type */
BEGIN { a = "x"; a++; }
