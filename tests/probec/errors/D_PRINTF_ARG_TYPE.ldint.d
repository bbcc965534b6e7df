/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.ldint.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %ld\n\t prototype: long\n\t  argument: int */
BEGIN { printf("%ld", 1); }
