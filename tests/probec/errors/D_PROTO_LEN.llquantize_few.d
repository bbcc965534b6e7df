/* expect: probec: failed to compile script D_PROTO_LEN.llquantize_few.d: [D_PROTO_LEN] line 2: llquantize( ) prototype mismatch: 3 args passed, 5 expected */
BEGIN { @ = llquantize(1, 10, 0); }
