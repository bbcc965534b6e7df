/* expect: probec: failed to compile script D_PRINTF_ARG_FMT.system.d: [D_PRINTF_ARG_FMT] line 2: system( ) argument #1 is incompatible with prototype:\n\tprototype: string constant\n\t argument: int */
BEGIN { system(1); }
