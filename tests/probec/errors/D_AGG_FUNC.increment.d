/* expect: probec: failed to compile script D_AGG_FUNC.increment.d: [D_AGG_FUNC] line 2: @a must be assigned the result of an aggregating function */
BEGIN { @a += 1; }
