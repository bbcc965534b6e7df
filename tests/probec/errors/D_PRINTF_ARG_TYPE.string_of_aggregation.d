/* expect: probec: failed to compile script D_PRINTF_ARG_TYPE.string_of_aggregation.d: [D_PRINTF_ARG_TYPE] line 2: printa( ) aggregating action is incompatible with conversion #1 prototype:\n\tconversion: %s\n\t prototype: char [] or string (or use stringof)\n\t  argument: int64_t */
BEGIN { @a = count(); printa("%@s\n", @a); }
