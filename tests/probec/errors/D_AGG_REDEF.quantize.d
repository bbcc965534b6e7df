/* expect: probec: failed to compile script D_AGG_REDEF.quantize.d: [D_AGG_REDEF] line 2: aggregation redefined: @a\n\t current: @a = lquantize( )\n\tprevious: @a = quantize( ) : line 2 */
BEGIN { @a = quantize(1); @a = lquantize(1, 0, 10); }
