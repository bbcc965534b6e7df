/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.stack.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %k\n\t prototype: stack\n\t  argument: int */
BEGIN { printf("%k\n", 1); }
