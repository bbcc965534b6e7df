/* expect: probec: failed to compile script D_NORMALIZE_AGGARG.denormalize.d: [D_NORMALIZE_AGGARG] line 2: denormalize( ) argument #1 is incompatible with prototype:\n\tprototype: aggregation\n\t argument: int */
BEGIN { denormalize(1); }
