/* expect: probec: failed to compile script D_PROTO_LEN.strlen_none.d: [D_PROTO_LEN] line 2: strlen( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { trace(strlen()); }
