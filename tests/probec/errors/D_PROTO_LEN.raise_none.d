/* expect: probec: failed to compile script D_PROTO_LEN.raise_none.d: [D_PROTO_LEN] line 2: raise( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { raise(); }
