/* expect: probec: failed to compile script D_OP_INCOMPAT.declared_later.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "int" = "string" */
BEGIN { x = "a"; } int x;
