/* expect: probec: failed to compile script D_LQUANT_STEPSMALL.many.d: [D_LQUANT_STEPSMALL] line 2: lquantize( ) step (argument #3) too small: number of quantization levels must be a 16-bit quantity */
BEGIN { @ = lquantize(1, 0, 100000, 1); }
