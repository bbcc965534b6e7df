/* expect: probec: failed to compile script D_OP_INCOMPAT.conditional_mixed.d: [D_OP_INCOMPAT] line 2: operator ?: operands must have compatible types */
BEGIN { trace(1 ? "a" : 2); }
