/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.exponent.d: [D_PRINTF_ARG_TYPE] line 2: printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %e\n\t prototype: float, double, or long double\n\t  argument: string */
BEGIN { printf("%e", "a"); }
