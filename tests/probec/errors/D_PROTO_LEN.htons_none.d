/* expect: probec: failed to compile script D_PROTO_LEN.htons_none.d: [D_PROTO_LEN] line 2: htons( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { trace(htons()); }
