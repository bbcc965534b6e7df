/* expect: probec: failed to compile script D_PROTO_LEN.strtok_one.d: [D_PROTO_LEN] line 2: strtok( ) prototype mismatch: 1 arg passed, 2 expected */
BEGIN { trace(strtok("a")); }
