/* expect: probec: failed to compile script D_OP_PTR.arrow_on_integer.d: [D_OP_PTR] line 2: operator -> must be applied to a pointer */
BEGIN { x = 1; trace(x->y); }
