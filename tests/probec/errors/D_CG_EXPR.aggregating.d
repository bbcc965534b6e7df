/* expect: probec: failed to compile script D_CG_EXPR.aggregating.d: [D_CG_EXPR] line 2: aggregating function avg( ) may not be called from a D expression (D program context required) */
BEGIN { avg(1); }
