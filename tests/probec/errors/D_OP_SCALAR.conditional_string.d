/* expect: probec: failed to compile script D_OP_SCALAR.conditional_string.d: [D_OP_SCALAR] line 2: operator ?: expression must be of scalar type */
BEGIN { trace("a" ? 1 : 2); }
