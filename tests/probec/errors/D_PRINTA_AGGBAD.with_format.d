/* expect: probec: failed to compile script D_PRINTA_AGGBAD.with_format.d: [D_PRINTA_AGGBAD] line 2: undefined aggregation: @never */
BEGIN { printa("%@d", @never); }
