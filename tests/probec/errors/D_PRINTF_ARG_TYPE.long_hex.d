/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.long_hex.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %lx\n\t prototype: long\n\t  argument: int */
BEGIN { printf("%lx", 1); }
