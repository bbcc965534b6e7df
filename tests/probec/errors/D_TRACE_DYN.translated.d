/* expect: probec: failed to compile script D_TRACE_DYN.translated.d: [D_TRACE_DYN] line 4: trace( ) may not be applied to a dynamic expression */
struct o { int x; };
translator struct o < int p > { x = p; };
BEGIN { trace(xlate <struct o> (4)); }
