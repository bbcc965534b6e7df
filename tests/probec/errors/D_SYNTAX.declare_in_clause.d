/* expect: probec: failed to compile script D_SYNTAX.declare_in_clause.d: [D_SYNTAX] line 2: syntax error near "int" */
BEGIN { int x; }
