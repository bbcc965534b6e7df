/* expect: probec: failed to compile script D_PROTO_LEN.dirname_two.d: [D_PROTO_LEN] line 2: dirname( ) prototype mismatch: 2 args passed, 1 expected */
BEGIN { trace(dirname("a", "b")); }
