/* expect: probec: failed to compile script D_SYNTAX.keyword_assigned.d: [D_SYNTAX] line 2: syntax error near "int" */
BEGIN { int = 2; }
