/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.char.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %c\n\t prototype: char, short, or int\n\t  argument: string */
BEGIN { printf("%c\n", "text"); }
