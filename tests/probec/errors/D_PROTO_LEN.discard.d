/* expect: probec: failed to compile script D_PROTO_LEN.discard.d: [D_PROTO_LEN] line 2: discard( ) prototype mismatch: 2 args passed, 1 expected */
BEGIN { discard(1, 2); }
