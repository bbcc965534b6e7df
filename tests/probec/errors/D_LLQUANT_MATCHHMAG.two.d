/* expect: probec: failed to compile script D_LLQUANT_MATCHHMAG.two.d: [D_LLQUANT_MATCHHMAG] line 2: llquantize( ) high magnitude (argument #3) doesn't match previous declaration: expected 6, found 7 */
BEGIN { @ = llquantize(1, 10, 0, 6, 20); @ = llquantize(1, 10, 0, 7, 20); }
