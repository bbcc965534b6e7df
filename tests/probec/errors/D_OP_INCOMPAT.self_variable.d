/* expect: probec: failed to compile script D_OP_INCOMPAT.self_variable.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "int" = "string" */
BEGIN { self->x = 1; self->x = "a"; }
