/* expect: probec: failed to compile script D_SYNTAX.dollar.d: [D_SYNTAX] line 2: syntax error near "$" */
BEGIN { trace($); }
