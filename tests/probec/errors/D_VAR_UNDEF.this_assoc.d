/* expect: probec: failed to compile script D_VAR_UNDEF.this_assoc.d: [D_VAR_UNDEF] line 2: self->y has not yet been declared or assigned */
BEGIN { x = self->y[1]; }
