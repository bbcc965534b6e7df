/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.short.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %hd\n\t prototype: short\n\t  argument: int */
BEGIN { printf("%hd", 1); }
