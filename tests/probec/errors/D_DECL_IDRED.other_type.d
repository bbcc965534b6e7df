/* expect: probec: failed to compile script D_DECL_IDRED.other_type.d: [D_DECL_IDRED] line 2: identifier redeclared: x */
int x; char x; BEGIN { }
