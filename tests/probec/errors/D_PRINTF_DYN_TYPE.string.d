/* expect: probec: failed to compile script D_PRINTF_DYN_TYPE.string.d: [D_PRINTF_DYN_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %*d\n\t prototype: int\n\t  argument: string */
BEGIN { printf("%*d", "x", 1); }
