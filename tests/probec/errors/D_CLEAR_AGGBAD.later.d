/* expect: probec: failed to compile script D_CLEAR_AGGBAD.later.d: [D_CLEAR_AGGBAD] line 2: undefined aggregation: @a */
BEGIN { clear(@a); } END { @a = count(); }
