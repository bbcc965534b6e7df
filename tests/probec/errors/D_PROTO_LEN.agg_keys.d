/* expect: probec: failed to compile script D_PROTO_LEN.agg_keys.d: [D_PROTO_LEN] line 2: @a[ ] prototype mismatch: 2 keys passed, 1 expected */
BEGIN { @a[1] = count(); @a[1, 2] = count(); }
