/* expect: probec: failed to compile script D_PROTO_LEN.index_one.d: [D_PROTO_LEN] line 2: index( ) prototype mismatch: 1 arg passed, at least 2 expected */
BEGIN { trace(index("a")); }
