/* expect: probec: failed to compile script D_PROTO_LEN.alloca_none.d: [D_PROTO_LEN] line 2: alloca( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { alloca(); }
