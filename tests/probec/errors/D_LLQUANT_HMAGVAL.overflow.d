/* expect: probec: failed to compile script D_LLQUANT_HMAGVAL.overflow.d: [D_LLQUANT_HMAGVAL] line 2: llquantize( ) factor (10) raised to power of high magnitude (30) overflows 64-bits */
BEGIN { @ = llquantize(1, 10, 0, 30, 20); }
