/* expect: probec: failed to compile script D_SYNTAX.two_predicates.d: [D_SYNTAX] line 2: syntax error near "/" */
BEGIN /1/ /2/ { }
