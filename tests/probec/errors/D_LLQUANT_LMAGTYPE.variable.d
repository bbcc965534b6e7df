/* expect: probec: failed to compile script D_LLQUANT_LMAGTYPE.variable.d: [D_LLQUANT_LMAGTYPE] line 2: llquantize( ) argument #2 must be an integer constant */
BEGIN { @ = llquantize(1, 10, cpu, 6, 20); }
