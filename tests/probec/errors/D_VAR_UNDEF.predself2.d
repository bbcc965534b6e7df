/* expect: probec: failed to compile script D_VAR_UNDEF.predself2.d: [D_VAR_UNDEF] line 2: self->seen has not yet been declared or assigned */
BEGIN /!self->seen/ { self->seen = 1; }
