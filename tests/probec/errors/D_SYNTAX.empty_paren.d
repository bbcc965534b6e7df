/* expect: probec: failed to compile script D_SYNTAX.empty_paren.d: [D_SYNTAX] line 2: syntax error near ")" */
BEGIN { x = (); }
