/* expect: probec: failed to compile script D_TRACE_VOID.cast.d: [D_TRACE_VOID] line 2: trace( ) may not be applied to a void expression */
BEGIN { trace((void)0); }
