/* expect: probec: failed to compile script D_SYNTAX.eof.d: [D_SYNTAX] line 3: syntax error near end of input */
BEGIN { trace(1);
