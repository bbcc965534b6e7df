/* expect: probec: failed to compile script D_SYNTAX.break.d: [D_SYNTAX] line 2: syntax error near "break" */
BEGIN { break; }
