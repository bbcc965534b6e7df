/* expect: probec: failed to compile script D_LLQUANT_STEPTYPE.variable.d: [D_LLQUANT_STEPTYPE] line 2: llquantize( ) argument #4 must be an integer constant */
BEGIN { @ = llquantize(1, 10, 0, 6, cpu); }
