/* expect: probec: failed to compile script D_SYNTAX.array_in_clause.d: [D_SYNTAX] line 2: syntax error near "char" */
BEGIN { char buf[10]; }
