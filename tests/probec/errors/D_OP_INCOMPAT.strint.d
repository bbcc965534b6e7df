/* expect: probec: failed to compile script D_OP_INCOMPAT.strint.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "int" = "string" */
BEGIN { x = 1; x = "a"; }
