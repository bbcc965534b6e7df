/* expect: probec: failed to compile script D_PRINTF_AGG_CONV.system.d: [D_PRINTF_AGG_CONV] line 2: %@ conversion requires an aggregation and is not for use with system( ) */
BEGIN { system("%@d", 1); }
