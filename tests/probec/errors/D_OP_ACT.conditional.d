/* expect: probec: failed to compile script D_OP_ACT.conditional.d: [D_OP_ACT] line 2: action cannot be used in a conditional context */
BEGIN { x = 1 ? trace(0) : trace(1); }
