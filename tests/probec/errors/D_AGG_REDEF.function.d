/* expect: probec: failed to compile script D_AGG_REDEF.function.d: [D_AGG_REDEF] line 3: aggregation redefined: @a\n\t current: @a = sum( )\n\tprevious: @a = count( ) : line 2 */
BEGIN { @a = count(); }
END { @a = sum(1); }
