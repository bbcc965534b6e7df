/* expect: probec: failed to compile script D_LQUANT_STEPVAL.large.d: [D_LQUANT_STEPVAL] line 2: lquantize( ) argument #3 must be a 16-bit quantity */
BEGIN { @ = lquantize(cpu, 0, 1000000000, 65536); }
