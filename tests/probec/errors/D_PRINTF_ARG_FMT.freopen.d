/* expect: probec: failed to compile script D_PRINTF_ARG_FMT.freopen.d: [D_PRINTF_ARG_FMT] line 2: freopen( ) argument #1 is incompatible with prototype:\n\tprototype: string constant\n\t argument: string */
BEGIN { freopen(execname); }
