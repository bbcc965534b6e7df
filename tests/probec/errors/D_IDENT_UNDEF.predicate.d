/* expect: probec: failed to compile script D_IDENT_UNDEF.predicate.d: [D_IDENT_UNDEF] line 2: failed to resolve foo: Unknown variable name */
BEGIN /foo/ { trace(bar); }
