/* expect: probec: failed to compile script D_TRACE_DYN.aggregation.d: [D_TRACE_DYN] line 2: trace( ) may not be applied to a dynamic expression */
BEGIN { @a = count(); trace(@a); }
