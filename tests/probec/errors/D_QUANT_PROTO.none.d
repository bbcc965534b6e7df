/* expect: probec: failed to compile script D_QUANT_PROTO.none.d: [D_QUANT_PROTO] line 2: quantize( ) prototype mismatch: 0 args passed, at least 1 expected */
BEGIN { @ = quantize(); }
