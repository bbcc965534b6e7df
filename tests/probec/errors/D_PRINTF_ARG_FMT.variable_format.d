/* expect: probec: failed to compile script D_PRINTF_ARG_FMT.variable_format.d: [D_PRINTF_ARG_FMT] line 2: printf( ) argument #1 is incompatible with prototype:\n\tprototype: string constant\n\t argument: string */
BEGIN { f = "%d"; printf(f, 1); }
