/* expect: probec: failed to compile script D_ACT_SPEC.chill.d: [D_ACT_SPEC] line 2: destructive actions may not follow speculate( ) */
BEGIN { speculate(1); chill(1); }
