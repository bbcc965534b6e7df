/* expect: probec: failed to compile script D_PRINTF_AGG_CONV.printf.d: [D_PRINTF_AGG_CONV] line 2: printf( ) conversion #1 (%@d) is only for an aggregation: use printa( ) */
BEGIN { printf("%@d", 1); }
