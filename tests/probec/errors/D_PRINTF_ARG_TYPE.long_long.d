/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.long_long.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %lld\n\t prototype: long long\n\t  argument: int */
BEGIN { printf("%lld", 1); }
