/* expect: probec: failed to compile script D_OP_ACT.conditional.d: [D_OP_ACT] line 2: trace( ) is an action: it may not be used in an expression */
BEGIN { x = 1 ? trace(0) : trace(1); }
