/* expect: probec: failed to compile script D_PRINTF_ARG_EXTRA.format.d: [D_PRINTF_ARG_EXTRA] line 2: printf( ) prototype mismatch: only 1 arguments required by this format string */
BEGIN { printf("text\n", 1, 2); }
