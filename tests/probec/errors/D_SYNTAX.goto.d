/* expect: probec: failed to compile script D_SYNTAX.goto.d: [D_SYNTAX] line 2: syntax error near "goto" */
BEGIN { goto x; }
