/* expect: probec: failed to compile script D_PROTO_LEN.speculate.d: [D_PROTO_LEN] line 2: speculate( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { speculate(); }
