/* expect: probec: failed to compile script D_PROTO_LEN.few.d: [D_PROTO_LEN] line 2: strjoin( ) prototype mismatch: 1 arg passed, 2 expected */
BEGIN { trace(strjoin("a")); }
