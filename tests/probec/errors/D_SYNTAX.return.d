/* expect: probec: failed to compile script D_SYNTAX.return.d: [D_SYNTAX] line 2: syntax error near "return" */
BEGIN { return; }
