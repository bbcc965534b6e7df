/* expect: probec: failed to compile script D_LLQUANT_MATCHLMAG.two.d: [D_LLQUANT_MATCHLMAG] line 2: llquantize( ) low magnitude (argument #2) doesn't match previous declaration: expected 0, found 1 */
BEGIN { @ = llquantize(1, 10, 0, 6, 20); @ = llquantize(1, 10, 1, 6, 20); }
