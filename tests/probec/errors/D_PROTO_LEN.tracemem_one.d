/* expect: probec: failed to compile script D_PROTO_LEN.tracemem_one.d: [D_PROTO_LEN] line 2: tracemem( ) prototype mismatch: 1 arg passed, at least 2 expected */
BEGIN { tracemem(0); }
