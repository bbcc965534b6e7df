/* expect: probec: failed to compile script D_OP_INCOMPAT.void_plus.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "void *" + "int" */
BEGIN { p = (void *)0; trace(p + 1); }
