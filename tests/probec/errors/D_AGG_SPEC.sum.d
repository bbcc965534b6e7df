/* expect: probec: failed to compile script D_AGG_SPEC.sum.d: [D_AGG_SPEC] line 2: aggregating actions may not follow speculate( ) */
BEGIN { speculate(1); @a = sum(1); }
