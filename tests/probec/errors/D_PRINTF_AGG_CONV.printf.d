/* expect: probec: failed to compile script D_PRINTF_AGG_CONV.printf.d: [D_PRINTF_AGG_CONV] line 2: %@ conversion requires an aggregation and is not for use with printf( ) */
BEGIN { printf("%@d", 1); }
