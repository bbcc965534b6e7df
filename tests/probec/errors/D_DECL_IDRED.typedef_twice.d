/* expect: probec: failed to compile script D_DECL_IDRED.typedef_twice.d: [D_DECL_IDRED] line 3: typedef redeclared: mine */
typedef int mine;
typedef int mine;
BEGIN { exit(0); }
