/* expect: probec: failed to compile script D_AGG_SCALAR.sum_of_string.d: [D_AGG_SCALAR] line 2: sum( ) argument #1 must be of scalar type */
BEGIN { @ = sum("a"); }
