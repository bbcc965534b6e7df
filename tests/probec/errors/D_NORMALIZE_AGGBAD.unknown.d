/* expect: probec: failed to compile script D_NORMALIZE_AGGBAD.unknown.d: [D_NORMALIZE_AGGBAD] line 2: undefined aggregation: @never */
BEGIN { normalize(@never, 2); }
