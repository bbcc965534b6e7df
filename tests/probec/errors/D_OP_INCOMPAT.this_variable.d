/* expect: probec: failed to compile script D_OP_INCOMPAT.this_variable.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "string" = "int" */
BEGIN { this->x = "a"; this->x = 1; }
