/* expect: probec: failed to compile script D_LQUANT_MISMATCH.order.d: [D_LQUANT_MISMATCH] line 2: lquantize( ) base (argument #1) must be less than limit (argument #2) */
BEGIN { @ = lquantize(1, 10, 0); }
