/* expect: probec: failed to compile script D_DECL_ARRBIG.huge.d: [D_DECL_ARRBIG] line 2: array dimension too big */
int x[2147483647];
BEGIN { }
