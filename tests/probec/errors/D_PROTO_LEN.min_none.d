/* expect: probec: failed to compile script D_PROTO_LEN.min_none.d: [D_PROTO_LEN] line 2: min( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { @ = min(); }
