/* expect: probec: failed to compile script D_LLQUANT_MATCHHMAG.two.d: [D_LLQUANT_MATCHHMAG] line 2: llquantize( ) high magnitude (argument #4) doesn't match previous declaration at line 2 */
BEGIN { @ = llquantize(1, 10, 0, 6, 20); @ = llquantize(1, 10, 0, 7, 20); }
