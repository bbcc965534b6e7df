/* expect: probec: failed to compile script D_DECL_IDRED.inline_twice.d: [D_DECL_IDRED] line 2: identifier redeclared: x */
inline int x = 1; inline int x = 1; BEGIN { }
