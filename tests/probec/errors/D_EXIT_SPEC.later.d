/* expect: probec: failed to compile script D_EXIT_SPEC.later.d: [D_EXIT_SPEC] line 2: exit( ) may not follow speculate( ) */
BEGIN { speculate(1); printf("x"); exit(1); }
