/* expect: probec: failed to compile script D_PROTO_LEN.sum_none.d: [D_PROTO_LEN] line 2: sum( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { @ = sum(); }
