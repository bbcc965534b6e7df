/* expect: probec: failed to compile script D_LLQUANT_STEPVAL.large.d: [D_LLQUANT_STEPVAL] line 2: llquantize( ) argument #4 must be an unsigned 16-bit quantity */
BEGIN { @ = llquantize(1, 10, 0, 3, 70000); }
