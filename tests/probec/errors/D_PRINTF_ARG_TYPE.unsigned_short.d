/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.unsigned_short.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %hu\n\t prototype: unsigned short\n\t  argument: short */
BEGIN { printf("%hu", (short)1); }
