/* expect: probec: failed to compile script D_CG_EXPR.sum_traced_in_sum.d: [D_CG_EXPR] line 2: aggregating function sum( ) may not be called from a D expression (D program context required) */
BEGIN { x = 1 + sum(1); }
