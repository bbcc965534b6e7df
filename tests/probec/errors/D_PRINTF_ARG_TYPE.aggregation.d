/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.aggregation.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %d\n\t prototype: char, short, int, long, or long long\n\t  argument: void */
BEGIN { @a = count(); printf("%d", @a); }
