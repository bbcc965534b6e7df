/* expect: probec: failed to compile script D_PRINTF_FMT_EMPTY.printa.d: [D_PRINTF_FMT_EMPTY] line 2: printa( ) format string is empty */
BEGIN { @a = count(); printa("", @a); }
