/* expect: probec: failed to compile script D_DECL_IDENT.twonames.d: [D_DECL_IDENT] line 2: old-style declaration or incorrect type specified */
int size_t x; BEGIN { }
