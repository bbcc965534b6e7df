/* expect: probec: failed to compile script D_ACT_SPEC.copyout.d: [D_ACT_SPEC] line 2: destructive actions may not follow speculate( ) */
BEGIN { speculate(1); copyout(alloca(8), 0x1000, 8); }
