/* expect: probec: failed to compile script D_LLQUANT_HMAGTYPE.variable.d: [D_LLQUANT_HMAGTYPE] line 2: llquantize( ) argument #3 must be an integer constant */
BEGIN { @ = llquantize(1, 10, 0, cpu, 20); }
