/* expect: probec: failed to compile script D_EXIT_SPEC.after.d: [D_EXIT_SPEC] line 2: exit( ) may not follow speculate( ) */
BEGIN { speculate(1); exit(0); }
