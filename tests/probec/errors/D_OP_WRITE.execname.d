/* expect: probec: failed to compile script D_OP_WRITE.execname.d: [D_OP_WRITE] line 2: operator = can only be applied to a writable variable */
BEGIN { execname = "a"; }
