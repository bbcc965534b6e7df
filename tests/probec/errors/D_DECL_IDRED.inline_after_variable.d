/* expect: probec: failed to compile script D_DECL_IDRED.inline_after_variable.d: [D_DECL_IDRED] line 2: identifier redeclared: x */
int x; inline int x = 1; BEGIN { }
