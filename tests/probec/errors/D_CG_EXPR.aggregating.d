/* expect: probec: failed to compile script D_CG_EXPR.aggregating.d: [D_CG_EXPR] line 2: avg( ) is an aggregating function: its result must be assigned to an aggregation */
BEGIN { avg(1); }
