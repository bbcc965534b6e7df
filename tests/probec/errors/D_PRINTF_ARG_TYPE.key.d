/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.key.d: [D_PRINTF_ARG_TYPE] line 2: printa( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %s\n\t prototype: char [] or string (or use stringof)\n\t  argument: int */
BEGIN { @a[1] = count(); printa("%s %@d\n", @a); }
