/* expect: probec: failed to compile script D_OP_INCOMPAT.pointers_added.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "int *" + "int *" */
BEGIN { p = (int *)0; trace(p + p); }
