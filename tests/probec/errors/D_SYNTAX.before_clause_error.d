/* expect: probec: failed to compile script D_SYNTAX.before_clause_error.d: [D_SYNTAX] line 3: syntax error near ";" */
BEGIN { trace(nothing); }
END { trace(1; }
