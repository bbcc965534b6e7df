/* expect: probec: failed to compile script D_OP_INCOMPAT.void_pointer.d: [D_OP_INCOMPAT] line 3: operands have incompatible types: "void *" + "int" */
void *p;
BEGIN { trace(p + 1); }
