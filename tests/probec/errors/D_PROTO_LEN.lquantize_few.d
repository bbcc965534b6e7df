/* expect: probec: failed to compile script D_PROTO_LEN.lquantize_few.d: [D_PROTO_LEN] line 2: lquantize( ) prototype mismatch: 2 args passed, 3 expected */
BEGIN { @ = lquantize(1, 2); }
