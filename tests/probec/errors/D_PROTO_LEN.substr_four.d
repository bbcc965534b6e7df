/* expect: probec: failed to compile script D_PROTO_LEN.substr_four.d: [D_PROTO_LEN] line 2: substr( ) prototype mismatch: 4 args passed, at least 2 expected */
BEGIN { trace(substr("a", 1, 1, 1)); }
