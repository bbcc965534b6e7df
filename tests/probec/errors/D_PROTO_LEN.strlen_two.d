/* expect: probec: failed to compile script D_PROTO_LEN.strlen_two.d: [D_PROTO_LEN] line 2: strlen( ) prototype mismatch: 2 args passed, 1 expected */
BEGIN { trace(strlen("a", "b")); }
