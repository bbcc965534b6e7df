/* expect: probec: failed to compile script D_LQUANT_BASEVAL.large.d: [D_LQUANT_BASEVAL] line 2: lquantize( ) argument #1 must be a 32-bit quantity */
BEGIN { @ = lquantize(1, 0x100000000, 10); }
