/* expect: probec: failed to compile script D_SPEC_DREC.exit.d: [D_SPEC_DREC] line 2: speculate( ) may not follow data-recording action(s) */
BEGIN { exit(0); speculate(1); }
