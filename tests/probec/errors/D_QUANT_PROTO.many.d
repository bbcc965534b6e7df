/* expect: probec: failed to compile script D_QUANT_PROTO.many.d: [D_QUANT_PROTO] line 2: quantize( ) prototype mismatch: 3 args passed, at most 2 expected */
BEGIN { @ = quantize(1, 2, 3); }
