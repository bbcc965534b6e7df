/* expect: probec: failed to compile script D_PROTO_LEN.avg_none.d: [D_PROTO_LEN] line 2: avg( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { @ = avg(); }
