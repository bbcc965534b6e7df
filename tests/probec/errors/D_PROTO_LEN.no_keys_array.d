/* expect: probec: failed to compile script D_PROTO_LEN.no_keys_array.d: [D_PROTO_LEN] line 2: x[ ] prototype mismatch: 1 key passed, 2 expected */
int x[int, int]; BEGIN { x[1] = 2; }
