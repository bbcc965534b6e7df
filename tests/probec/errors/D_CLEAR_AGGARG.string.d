/* expect: probec: failed to compile script D_CLEAR_AGGARG.string.d: [D_CLEAR_AGGARG] line 2: clear( ) argument #1 is incompatible with prototype:\n\tprototype: aggregation\n\t argument: string */
BEGIN { clear("a"); }
