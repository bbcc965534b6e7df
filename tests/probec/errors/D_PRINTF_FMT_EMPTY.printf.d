/* expect: probec: failed to compile script D_PRINTF_FMT_EMPTY.printf.d: [D_PRINTF_FMT_EMPTY] line 2: printf( ) format string is empty */
BEGIN { printf(""); }
