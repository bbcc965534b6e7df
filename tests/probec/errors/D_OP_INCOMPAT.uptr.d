/* expect: probec: failed to compile script D_OP_INCOMPAT.uptr.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "int *" == "unsigned int *" */
BEGIN { p = (int *)0; q = (unsigned int *)0; trace(p == q); exit(0); }
