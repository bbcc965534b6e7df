/* expect: probec: failed to compile script D_PROTO_LEN.exit_none.d: [D_PROTO_LEN] line 2: exit( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { exit(); }
