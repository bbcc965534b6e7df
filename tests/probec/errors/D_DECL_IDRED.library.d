/* expect: probec: failed to compile script D_DECL_IDRED.library.d: [D_DECL_IDRED] line 2: identifier redeclared: EPERM */
inline int EPERM = 4;
BEGIN { exit(0); }
