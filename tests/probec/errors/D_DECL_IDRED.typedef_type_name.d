/* expect: probec: failed to compile script D_DECL_IDRED.typedef_type_name.d: [D_DECL_IDRED] line 3: typedef redeclared: mine */
typedef int mine;
typedef char mine;
BEGIN { exit(0); }
