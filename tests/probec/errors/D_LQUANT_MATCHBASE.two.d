/* expect: probec: failed to compile script D_LQUANT_MATCHBASE.two.d: [D_LQUANT_MATCHBASE] line 2: lquantize( ) base (argument #1) doesn't match previous declaration: expected 0, found 1 */
BEGIN { @ = lquantize(1, 0, 10); @ = lquantize(1, 1, 10); }
