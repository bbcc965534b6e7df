/* expect: probec: failed to compile script D_SYNTAX.clause_before_predicate.d: [D_SYNTAX] line 2: syntax error near "/" */
/1/ { }
