/* expect: probec: failed to compile script D_AGG_SCALAR.string.d: [D_AGG_SCALAR] line 2: avg( ) argument #1 must be of scalar type */
BEGIN { @ = avg("x"); }
