/* expect: probec: failed to compile script D_LLQUANT_HMAGVAL.low.d: [D_LLQUANT_HMAGVAL] line 2: llquantize( ) high magnitude (argument #3) must be at least low magnitude (argument #2) */
BEGIN { @ = llquantize(1, 10, 5, 3, 20); }
