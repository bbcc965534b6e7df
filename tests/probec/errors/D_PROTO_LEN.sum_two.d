/* expect: probec: failed to compile script D_PROTO_LEN.sum_two.d: [D_PROTO_LEN] line 2: sum( ) prototype mismatch: 2 args passed, 1 expected */
BEGIN { @ = sum(1, 2); }
