/* expect: probec: failed to compile script D_VAR_UNDEF.self.d: [D_VAR_UNDEF] line 2: self->nothing has not yet been declared or assigned */
BEGIN { trace(self->nothing); }
