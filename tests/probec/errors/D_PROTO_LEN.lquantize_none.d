/* expect: probec: failed to compile script D_PROTO_LEN.lquantize_none.d: [D_PROTO_LEN] line 2: lquantize( ) prototype mismatch: 0 args passed, 3 expected */
BEGIN { @ = lquantize(); }
