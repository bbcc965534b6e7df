/* expect: probec: failed to compile script D_SPEC_SPEC.after.d: [D_SPEC_SPEC] line 2: speculate( ) may not follow speculate( ) */
BEGIN { speculate(1); speculate(2); }
