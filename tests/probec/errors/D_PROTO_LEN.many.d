/* expect: probec: failed to compile script D_PROTO_LEN.many.d: [D_PROTO_LEN] line 2: trace( ) prototype mismatch: 2 args passed, 1 expected */
BEGIN { trace(1, 2); }
