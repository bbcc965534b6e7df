/* expect: probec: failed to compile script D_PROTO_LEN.min_two.d: [D_PROTO_LEN] line 2: min( ) prototype mismatch: 2 args passed, 1 expected */
BEGIN { @ = min(1, 2); }
