/* expect: probec: failed to compile script D_LLQUANT_MATCHSTEPS.two.d: [D_LLQUANT_MATCHSTEPS] line 2: llquantize( ) linear steps per magnitude (argument #5) doesn't match previous declaration at line 2 */
BEGIN { @ = llquantize(1, 10, 0, 6, 20); @ = llquantize(1, 10, 0, 6, 10); }
