/* expect: probec: failed to compile script D_PROTO_LEN.basename_none.d: [D_PROTO_LEN] line 2: basename( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { trace(basename()); }
