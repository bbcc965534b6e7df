/* expect: probec: failed to compile script D_PROTO_LEN.quantize_none.d: [D_PROTO_LEN] line 2: quantize( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { @ = quantize(); }
