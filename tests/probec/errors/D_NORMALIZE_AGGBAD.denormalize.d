/* expect: probec: failed to compile script D_NORMALIZE_AGGBAD.denormalize.d: [D_NORMALIZE_AGGBAD] line 2: undefined aggregation: @never */
BEGIN { denormalize(@never); }
