/* expect: probec: failed to compile script D_SYNTAX.predicate_without_end.d: [D_SYNTAX] line 2: syntax error near "{" */
BEGIN /1 { }
