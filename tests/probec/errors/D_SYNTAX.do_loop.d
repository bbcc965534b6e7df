/* expect: probec: failed to compile script D_SYNTAX.do_loop.d: [D_SYNTAX] line 2: syntax error near "do" */
BEGIN { do { trace(1); } while (0); }
