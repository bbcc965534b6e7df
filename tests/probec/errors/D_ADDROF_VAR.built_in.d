/* expect: probec: failed to compile script D_ADDROF_VAR.built_in.d: [D_ADDROF_VAR] line 2: cannot take address of dynamic variable */
BEGIN { trace(&pid); }
