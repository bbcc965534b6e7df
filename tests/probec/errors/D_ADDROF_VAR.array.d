/* expect: probec: failed to compile script D_ADDROF_VAR.array.d: [D_ADDROF_VAR] line 3: cannot take address of dynamic variable */
int a[5];
BEGIN { p = &a; }
