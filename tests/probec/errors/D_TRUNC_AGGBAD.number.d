/* expect: probec: failed to compile script D_TRUNC_AGGBAD.number.d: [D_TRUNC_AGGBAD] line 2: undefined aggregation: @never */
BEGIN { trunc(@never, 2); }
