/* expect: probec: failed to compile script D_OP_INCOMPAT.array_element.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "int" = "string" */
BEGIN { x[1] = 1; x[2] = "a"; }
