/* expect: probec: failed to compile script D_CLEAR_AGGBAD.unknown.d: [D_CLEAR_AGGBAD] line 2: undefined aggregation: @never */
BEGIN { clear(@never); }
