/* expect: probec: failed to compile script D_CG_EXPR.count_assigned_to_variable.d: [D_CG_EXPR] line 2: aggregating function count( ) may not be called from a D expression (D program context required) */
BEGIN { x = count(); }
