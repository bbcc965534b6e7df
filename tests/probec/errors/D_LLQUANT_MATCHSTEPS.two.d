/* expect: probec: failed to compile script D_LLQUANT_MATCHSTEPS.two.d: [D_LLQUANT_MATCHSTEPS] line 2: llquantize( ) linear steps per magnitude (argument #4) doesn't match previous declaration: expected 20, found 10 */
BEGIN { @ = llquantize(1, 10, 0, 6, 20); @ = llquantize(1, 10, 0, 6, 10); }
