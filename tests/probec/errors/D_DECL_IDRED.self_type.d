/* expect: probec: failed to compile script D_DECL_IDRED.self_type.d: [D_DECL_IDRED] line 2: identifier redeclared: a */
self int a; self string a; BEGIN { }
