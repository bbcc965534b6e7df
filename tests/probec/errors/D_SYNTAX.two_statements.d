/* expect: probec: failed to compile script D_SYNTAX.two_statements.d: [D_SYNTAX] line 2: syntax error near "trace" */
BEGIN { trace(1) trace(2); }
