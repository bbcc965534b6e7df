/* expect: probec: failed to compile script D_OP_INCOMPAT.substr.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "string" - "string" */
BEGIN { x = "a" - "b"; trace(x);}
