/* expect: probec: failed to compile script D_LQUANT_STEPLARGE.one.d: [D_LQUANT_STEPLARGE] line 2: lquantize( ) step (argument #3) too large: must have at least one quantization level */
BEGIN { @ = lquantize(1, 0, 10, 11); }
