/* expect: probec: failed to compile script D_OP_INCOMPAT.string_to_integer_compare.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "string" == "int" */
BEGIN { trace("a" == 1); }
