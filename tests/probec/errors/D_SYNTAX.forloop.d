/* expect: probec: failed to compile script D_SYNTAX.forloop.d: [D_SYNTAX] line 2: syntax error near "for" */
BEGIN { for (i = 0; i < 1; i++) trace(1); }
