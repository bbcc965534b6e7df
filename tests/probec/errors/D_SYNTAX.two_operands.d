/* expect: probec: failed to compile script D_SYNTAX.two_operands.d: [D_SYNTAX] line 2: syntax error near "1" */
BEGIN { trace("a" 1); }
