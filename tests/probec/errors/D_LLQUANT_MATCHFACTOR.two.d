/* expect: probec: failed to compile script D_LLQUANT_MATCHFACTOR.two.d: [D_LLQUANT_MATCHFACTOR] line 2: llquantize( ) factor (argument #1) doesn't match previous declaration: expected 10, found 100 */
BEGIN { @ = llquantize(1, 10, 0, 6, 100); @ = llquantize(1, 100, 0, 6, 100); }
