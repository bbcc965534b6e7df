/* expect: probec: failed to compile script D_DECL_IDRED.other_keys.d: [D_DECL_IDRED] line 2: identifier redeclared: a */
int a[int]; int a[string]; BEGIN { }
