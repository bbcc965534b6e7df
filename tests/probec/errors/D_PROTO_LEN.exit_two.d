/* expect: probec: failed to compile script D_PROTO_LEN.exit_two.d: [D_PROTO_LEN] line 2: exit( ) prototype mismatch: 2 args passed, 1 expected */
BEGIN { exit(0, 1); }
