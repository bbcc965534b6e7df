/* expect: probec: failed to compile script D_LLQUANT_STEPVAL.large.d: [D_LLQUANT_STEPVAL] line 2: llquantize( ) argument #5 (linear steps) must be at least the factor (argument #2) */
BEGIN { @ = llquantize(1, 10, 0, 3, 70000); }
