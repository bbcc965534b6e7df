/* expect: probec: failed to compile script D_PROTO_LEN.lquantize_many.d: [D_PROTO_LEN] line 2: lquantize( ) prototype mismatch: 6 args passed, at most 5 expected */
BEGIN { @ = lquantize(1, 2, 3, 1, 1, 1); }
