/* expect: probec: failed to compile script D_LQUANT_STEPVAL.large.d: [D_LQUANT_STEPVAL] line 2: lquantize( ) argument #4 must be a 16-bit quantity */
BEGIN { @ = lquantize(1, 0, 1000000, 70000); }
