/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.escaped.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %S\n\t prototype: char [] or string (or use stringof)\n\t  argument: int */
BEGIN { printf("%S", 1); }
