/* expect: probec: failed to compile script D_SYNTAX.unclosed_bracket.d: [D_SYNTAX] line 2: syntax error near ";" */
BEGIN { x[1 = 2; }
