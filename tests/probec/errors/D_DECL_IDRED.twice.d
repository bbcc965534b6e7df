/* expect: probec: failed to compile script D_DECL_IDRED.twice.d: [D_DECL_IDRED] line 2: typedef redeclared: foo_t */
typedef int foo_t; typedef int foo_t; BEGIN { }
