/* expect: probec: failed to compile script D_PROTO_LEN.two_keys.d: [D_PROTO_LEN] line 2: x[ ] prototype mismatch: 2 keys passed, 1 expected */
int x[int]; BEGIN { x[1, 2] = 1; }
