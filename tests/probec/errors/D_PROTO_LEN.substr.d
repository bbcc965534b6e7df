/* expect: probec: failed to compile script D_PROTO_LEN.substr.d: [D_PROTO_LEN] line 2: substr( ) prototype mismatch: 1 arg passed, at least 2 expected */
BEGIN { substr("x"); }
