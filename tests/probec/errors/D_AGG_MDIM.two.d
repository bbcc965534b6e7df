/* expect: probec: failed to compile script D_AGG_MDIM.two.d: [D_AGG_MDIM] line 2: improper use of [ ]: aggregation @a has several sets of keys */
BEGIN { @a[1][2] = count(); }
