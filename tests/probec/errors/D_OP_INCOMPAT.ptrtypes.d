/* expect: probec: failed to compile script D_OP_INCOMPAT.ptrtypes.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "int *" == "long *" */
BEGIN { p = (int *)0; q = (long *)0; trace(p == q); exit(0); }
