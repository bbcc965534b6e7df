/* expect: probec: failed to compile script D_PRINTA_AGGARG.second.d: [D_PRINTA_AGGARG] line 2: printa( ) argument #2 is incompatible with prototype:\n\tprototype: aggregation\n\t argument: int */
BEGIN { @a = count(); printa(@a, 1); }
