/* expect: probec: failed to compile script D_SYNTAX.no_actions.d: [D_SYNTAX] line 2: expected actions { } following probe description and predicate */
BEGIN /1/
