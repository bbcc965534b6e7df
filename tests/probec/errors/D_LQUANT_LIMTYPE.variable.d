/* expect: probec: failed to compile script D_LQUANT_LIMTYPE.variable.d: [D_LQUANT_LIMTYPE] line 2: lquantize( ) argument #2 must be an integer constant */
BEGIN { @ = lquantize(1, 0, cpu); }
