/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.printa_value.d: [D_PRINTF_ARG_TYPE] line 2: printa( ) aggregating action is incompatible with conversion #2 prototype:\n\tconversion: %s\n\t prototype: char [] or string (or use stringof)\n\t  argument: int64_t */
BEGIN { @a[1] = count(); printa("%d %@s", @a); }
