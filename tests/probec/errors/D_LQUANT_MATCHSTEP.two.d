/* expect: probec: failed to compile script D_LQUANT_MATCHSTEP.two.d: [D_LQUANT_MATCHSTEP] line 2: lquantize( ) step (argument #3) doesn't match previous declaration: expected 1, found 2 */
BEGIN { @ = lquantize(1, 0, 10); @ = lquantize(1, 0, 10, 2); }
