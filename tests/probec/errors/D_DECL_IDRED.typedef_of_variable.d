/* expect: probec: failed to compile script D_DECL_IDRED.typedef_of_variable.d: [D_DECL_IDRED] line 3: global variable identifier redeclared: mine */
int mine;
typedef int mine;
BEGIN { exit(0); }
