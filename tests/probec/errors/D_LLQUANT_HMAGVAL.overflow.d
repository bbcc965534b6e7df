/* expect: probec: failed to compile script D_LLQUANT_HMAGVAL.overflow.d: [D_LLQUANT_HMAGVAL] line 2: llquantize( ) argument #4 (high magnitude) with this factor does not fit in 64 bits */
BEGIN { @ = llquantize(1, 10, 0, 30, 20); }
