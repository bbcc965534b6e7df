/* expect: probec: failed to compile script D_SYNTAX.tern.d: [D_SYNTAX] line 2: syntax error near ")" */
BEGIN { trace(1 ? 2 : ); }
