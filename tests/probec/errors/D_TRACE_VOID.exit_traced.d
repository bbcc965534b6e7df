/* expect: probec: failed to compile script D_TRACE_VOID.exit_traced.d: [D_TRACE_VOID] line 2: trace( ) may not be applied to a void expression */
BEGIN { trace(exit(0)); }
