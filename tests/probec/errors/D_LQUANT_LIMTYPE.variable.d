/* expect: probec: failed to compile script D_LQUANT_LIMTYPE.variable.d: [D_LQUANT_LIMTYPE] line 2: lquantize( ) argument #3 (limit) must be an integer constant */
BEGIN { @ = lquantize(1, 0, cpu); }
