/* expect: probec: failed to compile script D_SYNTAX.two_clauses_without_comma.d: [D_SYNTAX] line 2: syntax error near "END" */
BEGIN END { }
