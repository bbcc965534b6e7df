/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.time.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %Y\n\t prototype: int64_t\n\t  argument: string */
BEGIN { printf("%Y\n", "now"); }
