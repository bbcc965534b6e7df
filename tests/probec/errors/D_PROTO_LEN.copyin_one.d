/* expect: probec: failed to compile script D_PROTO_LEN.copyin_one.d: [D_PROTO_LEN] line 2: copyin( ) prototype mismatch: 1 arg passed, 2 expected */
BEGIN { copyin(0); }
