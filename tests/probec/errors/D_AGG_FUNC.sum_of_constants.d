/* expect: probec: failed to compile script D_AGG_FUNC.sum_of_constants.d: [D_AGG_FUNC] line 2: @_ must be assigned the result of an aggregating function */
BEGIN { @ = 1 + 1; }
