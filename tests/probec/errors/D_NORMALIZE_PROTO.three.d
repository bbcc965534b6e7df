/* expect: probec: failed to compile script D_NORMALIZE_PROTO.three.d: [D_NORMALIZE_PROTO] line 2: normalize( ) prototype mismatch: 3 args passed, 2 expected */
BEGIN { @a = count(); normalize(@a, 1, 2); }
