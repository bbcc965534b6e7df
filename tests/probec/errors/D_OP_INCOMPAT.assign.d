/* expect: probec: failed to compile script D_OP_INCOMPAT.assign.d: [D_OP_INCOMPAT] line 3: operands have incompatible types: "int" = "string" */
int x;
BEGIN { x = "a"; }
