/* expect: probec: failed to compile script D_OP_WRITE.arg0.d: [D_OP_WRITE] line 2: operator = can only be applied to a writable variable */
BEGIN { arg0 = 1; }
