/* expect: probec: failed to compile script D_DECL_IDRED.function.d: [D_DECL_IDRED] line 2: identifier redeclared: strlen */
int strlen; BEGIN { }
