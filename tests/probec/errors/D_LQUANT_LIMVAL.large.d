/* expect: probec: failed to compile script D_LQUANT_LIMVAL.large.d: [D_LQUANT_LIMVAL] line 2: lquantize( ) argument #2 must be a 32-bit quantity */
BEGIN { @ = lquantize(1, 0, 0x100000000); }
