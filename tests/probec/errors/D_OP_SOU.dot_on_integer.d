/* expect: probec: failed to compile script D_OP_SOU.dot_on_integer.d: [D_OP_SOU] line 2: operator . cannot be applied to type "int"; must be applied to a struct or union */
BEGIN { x = 1; trace(x.y); }
