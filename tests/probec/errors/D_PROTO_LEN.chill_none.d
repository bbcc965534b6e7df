/* expect: probec: failed to compile script D_PROTO_LEN.chill_none.d: [D_PROTO_LEN] line 2: chill( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { chill(); }
