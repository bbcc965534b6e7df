/* expect: probec: failed to compile script D_DECL_IDRED.typedef_of_library.d: [D_DECL_IDRED] line 2: identifier redeclared: size_t */
typedef int size_t; BEGIN { }
