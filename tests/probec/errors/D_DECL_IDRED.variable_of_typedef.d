/* expect: probec: failed to compile script D_DECL_IDRED.variable_of_typedef.d: [D_DECL_IDRED] line 4: typedef identifier redeclared: mine */
typedef int mine;
BEGIN { exit(0); }
char mine;
