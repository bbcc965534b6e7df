/* expect: probec: failed to compile script D_PROTO_LEN.copyinto_two.d: [D_PROTO_LEN] line 2: copyinto( ) prototype mismatch: 2 args passed, 3 expected */
BEGIN { copyinto(0, 1); }
