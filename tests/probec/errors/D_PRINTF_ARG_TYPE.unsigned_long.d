/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.unsigned_long.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %lu\n\t prototype: unsigned long\n\t  argument: int */
BEGIN { printf("%lu", 1); }
