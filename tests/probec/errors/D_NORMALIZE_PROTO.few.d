/* expect: probec: failed to compile script D_NORMALIZE_PROTO.few.d: [D_NORMALIZE_PROTO] line 2: normalize( ) prototype mismatch: 1 arg passed, 2 expected */
BEGIN { @a = count(); normalize(@a); }
