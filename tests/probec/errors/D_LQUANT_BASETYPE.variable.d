/* expect: probec: failed to compile script D_LQUANT_BASETYPE.variable.d: [D_LQUANT_BASETYPE] line 2: lquantize( ) argument #1 must be an integer constant */
BEGIN { @ = lquantize(1, cpu, 10); }
