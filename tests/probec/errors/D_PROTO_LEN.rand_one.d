/* expect: probec: failed to compile script D_PROTO_LEN.rand_one.d: [D_PROTO_LEN] line 2: rand( ) prototype mismatch: 1 arg passed, 0 expected */
BEGIN { trace(rand(1)); }
