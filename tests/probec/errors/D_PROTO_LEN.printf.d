/* expect: probec: failed to compile script D_PROTO_LEN.printf.d: [D_PROTO_LEN] line 2: printf( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { printf(); }
