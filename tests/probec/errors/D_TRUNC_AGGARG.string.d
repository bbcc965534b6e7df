/* expect: probec: failed to compile script D_TRUNC_AGGARG.string.d: [D_TRUNC_AGGARG] line 2: trunc( ) argument #1 is incompatible with prototype:\n\tprototype: aggregation\n\t argument: string */
BEGIN { trunc("a", 1); }
