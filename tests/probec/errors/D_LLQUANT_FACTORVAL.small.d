/* expect: probec: failed to compile script D_LLQUANT_FACTORVAL.small.d: [D_LLQUANT_FACTORVAL] line 2: llquantize( ) argument #1 must be an unsigned 16-bit quantity greater than or equal to 2 */
BEGIN { @ = llquantize(1, 1, 0, 6, 20); }
