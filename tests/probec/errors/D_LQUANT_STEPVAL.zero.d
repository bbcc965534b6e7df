/* expect: probec: failed to compile script D_LQUANT_STEPVAL.zero.d: [D_LQUANT_STEPVAL] line 2: lquantize( ) argument #4 must be a non-zero positive integer constant */
BEGIN { @ = lquantize(1, 0, 10, 0); }
