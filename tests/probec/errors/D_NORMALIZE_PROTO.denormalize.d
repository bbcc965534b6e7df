/* expect: probec: failed to compile script D_NORMALIZE_PROTO.denormalize.d: [D_NORMALIZE_PROTO] line 2: denormalize( ) prototype mismatch: 2 args passed, 1 expected */
BEGIN { @a = count(); denormalize(@a, 1); }
