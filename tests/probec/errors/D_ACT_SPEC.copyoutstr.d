/* expect: probec: failed to compile script D_ACT_SPEC.copyoutstr.d: [D_ACT_SPEC] line 2: destructive actions may not follow speculate( ) */
BEGIN { speculate(1); copyoutstr("a", 0x1000, 2); }
