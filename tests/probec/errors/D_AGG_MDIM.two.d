/* expect: probec: failed to compile script D_AGG_MDIM.two.d: [D_AGG_MDIM] line 2: improper attempt to reference multi-dimensional aggregation @a */
BEGIN { @a[1][2] = count(); }
