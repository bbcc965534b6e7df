/* expect: probec: failed to compile script D_PROTO_LEN.stop_one.d: [D_PROTO_LEN] line 2: stop( ) prototype mismatch: 1 arg passed, 0 expected */
BEGIN { stop(1); }
