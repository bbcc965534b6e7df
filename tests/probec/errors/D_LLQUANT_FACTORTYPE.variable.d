/* expect: probec: failed to compile script D_LLQUANT_FACTORTYPE.variable.d: [D_LLQUANT_FACTORTYPE] line 2: llquantize( ) argument #1 must be an integer constant */
BEGIN { @ = llquantize(1, cpu, 0, 6, 20); }
