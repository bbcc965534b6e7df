/* expect: probec: failed to compile script D_ADDROF_VAR.self.d: [D_ADDROF_VAR] line 2: cannot take address of dynamic variable */
BEGIN { self->x = 1; trace(&self->x); }
