/* expect: probec: failed to compile script D_FUNC_IDENT.self_called.d: [D_FUNC_IDENT] line 2: function designator is not of function type */
BEGIN { self->x(1); }
