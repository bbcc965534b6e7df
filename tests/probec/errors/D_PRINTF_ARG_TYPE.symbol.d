/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.symbol.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %a\n\t prototype: pointer or integer\n\t  argument: string */
BEGIN { printf("%a", "a"); }
