/* expect: probec: failed to compile script D_AGG_FUNC.action.d: [D_AGG_FUNC] line 2: @a must be assigned the result of an aggregating function */
BEGIN { @a = printf("x"); }
