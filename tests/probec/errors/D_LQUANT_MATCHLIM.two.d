/* expect: probec: failed to compile script D_LQUANT_MATCHLIM.two.d: [D_LQUANT_MATCHLIM] line 2: lquantize( ) limit (argument #2) doesn't match previous declaration: expected 10, found 11 */
BEGIN { @ = lquantize(1, 0, 10); @ = lquantize(1, 0, 11); }
