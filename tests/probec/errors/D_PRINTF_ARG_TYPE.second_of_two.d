/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.second_of_two.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #3 is incompatible with conversion #2 prototype:\n\tconversion: %s\n\t prototype: char [] or string (or use stringof)\n\t  argument: int */
BEGIN { printf("%d %s", 1, 2); }
