/* expect: probec: failed to compile script D_PROTO_LEN.commit.d: [D_PROTO_LEN] line 2: commit( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { commit(); }
