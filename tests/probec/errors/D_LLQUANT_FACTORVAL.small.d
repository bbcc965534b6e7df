/* expect: probec: failed to compile script D_LLQUANT_FACTORVAL.small.d: [D_LLQUANT_FACTORVAL] line 2: llquantize( ) argument #2 must be a 16-bit quantity of at least two */
BEGIN { @ = llquantize(1, 1, 0, 6, 20); }
