/* expect: probec: failed to compile script D_ACT_SPEC.system.d: [D_ACT_SPEC] line 2: destructive actions may not follow speculate( ) */
BEGIN { speculate(1); system("ls"); }
