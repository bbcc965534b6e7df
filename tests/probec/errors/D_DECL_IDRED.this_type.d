/* expect: probec: failed to compile script D_DECL_IDRED.this_type.d: [D_DECL_IDRED] line 2: identifier redeclared: a */
this int a; this string a; BEGIN { }
