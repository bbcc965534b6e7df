/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.float.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %f\n\t prototype: float, double, or long double\n\t  argument: int */
BEGIN { printf("%f\n", 1); }
