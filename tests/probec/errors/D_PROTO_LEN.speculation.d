/* expect: probec: failed to compile script D_PROTO_LEN.speculation.d: [D_PROTO_LEN] line 2: speculation( ) prototype mismatch: 1 arg passed, 0 expected */
BEGIN { trace(speculation(1)); }
