/* expect: probec: failed to compile script D_AGG_FUNC.strlen_assigned.d: [D_AGG_FUNC] line 2: @_ must be assigned the result of an aggregating function */
BEGIN { @ = strlen("a"); }
