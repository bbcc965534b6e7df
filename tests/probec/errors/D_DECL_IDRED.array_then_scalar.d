/* expect: probec: failed to compile script D_DECL_IDRED.array_then_scalar.d: [D_DECL_IDRED] line 2: identifier redeclared: a */
int a[int]; int a; BEGIN { }
