/* expect: probec: failed to compile script D_SYNTAX.while.d: [D_SYNTAX] line 2: syntax error near "while" */
BEGIN { while (1) trace(1); }
