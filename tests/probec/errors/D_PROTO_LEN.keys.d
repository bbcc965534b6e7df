/* expect: probec: failed to compile script D_PROTO_LEN.keys.d: [D_PROTO_LEN] line 2: x[ ] prototype mismatch: 2 keys passed, 1 expected */
BEGIN { x[1] = 1; x[1, 2] = 1; }
