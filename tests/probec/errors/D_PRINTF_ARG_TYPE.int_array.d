/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.int_array.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %s\n\t prototype: char [] or string (or use stringof)\n\t  argument: int [3] */
int a[3]; BEGIN { printf("%s", a); }
