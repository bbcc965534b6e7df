/* expect: probec: failed to compile script D_OP_INCOMPAT.addeqstr.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "string" += "int" */
BEGIN { x = "a"; x += 1; }
