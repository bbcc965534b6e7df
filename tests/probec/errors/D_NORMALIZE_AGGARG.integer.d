/* expect: probec: failed to compile script D_NORMALIZE_AGGARG.integer.d: [D_NORMALIZE_AGGARG] line 2: normalize( ) argument #1 is incompatible with prototype:\n\tprototype: aggregation\n\t argument: int */
BEGIN { normalize(1, 2); }
