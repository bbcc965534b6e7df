/* expect: probec: failed to compile script D_SPEC_DREC.printf.d: [D_SPEC_DREC] line 2: speculate( ) may not follow data-recording action(s) */
BEGIN { printf("x"); speculate(1); }
