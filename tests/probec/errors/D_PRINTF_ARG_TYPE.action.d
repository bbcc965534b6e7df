/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.action.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %s\n\t prototype: char [] or string (or use stringof)\n\t  argument: void */
BEGIN { printf("%s", printf("x")); }
