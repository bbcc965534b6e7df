/* expect: probec: failed to compile script D_PROTO_LEN.max_none.d: [D_PROTO_LEN] line 2: max( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { @ = max(); }
