/* expect: probec: failed to compile script D_SYNTAX.nobody.d: [D_SYNTAX] line 2: expected predicate and/or actions following probe description */
BEGIN
