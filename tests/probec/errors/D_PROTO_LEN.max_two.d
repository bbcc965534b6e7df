/* expect: probec: failed to compile script D_PROTO_LEN.max_two.d: [D_PROTO_LEN] line 2: max( ) prototype mismatch: 2 args passed, 1 expected */
BEGIN { @ = max(1, 2); }
