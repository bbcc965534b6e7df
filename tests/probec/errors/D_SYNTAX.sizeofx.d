/* expect: probec: failed to compile script D_SYNTAX.sizeofx.d: [D_SYNTAX] line 2: syntax error near ")" */
BEGIN { trace(sizeof); }
