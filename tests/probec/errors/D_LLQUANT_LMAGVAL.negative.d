/* expect: probec: failed to compile script D_LLQUANT_LMAGVAL.negative.d: [D_LLQUANT_LMAGVAL] line 2: llquantize( ) argument #2 must be an unsigned 16-bit quantity */
BEGIN { @ = llquantize(1, 10, -1, 6, 20); }
