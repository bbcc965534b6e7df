/* expect: probec: failed to compile script D_DECL_IDRED.other_keys.d: [D_DECL_IDRED] line 3: identifier redeclared: x */
int x[int];
int x[string];
BEGIN { exit(0); }
