/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.string.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 (%d) prototype:\n\tconversion: %d\n\t prototype: integral type\n\t  argument: string */
BEGIN { printf("%d", "x"); }
