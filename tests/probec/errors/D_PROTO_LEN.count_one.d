/* expect: probec: failed to compile script D_PROTO_LEN.count_one.d: [D_PROTO_LEN] line 2: count( ) prototype mismatch: 1 arg passed, 0 expected */
BEGIN { @ = count(1); }
