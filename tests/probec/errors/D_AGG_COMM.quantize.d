/* expect: probec: failed to compile script D_AGG_COMM.quantize.d: [D_AGG_COMM] line 2: aggregating actions may not follow commit( ) */
BEGIN { commit(1); @a = quantize(1); }
