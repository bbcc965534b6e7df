/* expect: probec: failed to compile script D_PRINTF_FMT_EMPTY.system.d: [D_PRINTF_FMT_EMPTY] line 2: system( ) format string is empty */
BEGIN { system(""); }
