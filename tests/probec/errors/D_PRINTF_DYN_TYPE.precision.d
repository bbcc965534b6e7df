/* expect: probec: failed to compile script D_PRINTF_DYN_TYPE.precision.d: [D_PRINTF_DYN_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %.*s\n\t prototype: int\n\t  argument: string */
BEGIN { printf("%.*s\n", "4", "text"); }
