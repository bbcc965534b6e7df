/* expect: probec: failed to compile script D_OP_INCOMPAT.ptreqint.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "int *" == "int64_t" */
BEGIN { p = (int *)0; trace(p == arg0); exit(0); }
