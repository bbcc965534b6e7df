/* expect: probec: failed to compile script D_ADDROF_VAR.scalar.d: [D_ADDROF_VAR] line 3: cannot take address of dynamic variable */
int i;
BEGIN { p = &i; }
