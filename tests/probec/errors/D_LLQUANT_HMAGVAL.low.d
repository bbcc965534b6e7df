/* expect: probec: failed to compile script D_LLQUANT_HMAGVAL.low.d: [D_LLQUANT_HMAGVAL] line 2: llquantize( ) argument #4 (high magnitude) must be at least the low magnitude */
BEGIN { @ = llquantize(1, 10, 5, 3, 20); }
