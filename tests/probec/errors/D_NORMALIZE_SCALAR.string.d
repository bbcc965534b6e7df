/* expect: probec: failed to compile script D_NORMALIZE_SCALAR.string.d: [D_NORMALIZE_SCALAR] line 2: normalize( ) argument #2 must be of scalar type */
BEGIN { @a = count(); normalize(@a, "x"); }
