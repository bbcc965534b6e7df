/* expect: probec: failed to compile script D_DECL_IDENT.two_names.d: [D_DECL_IDENT] line 2: old-style declaration or incorrect type specified */
int uint_t x;
BEGIN { exit(0); }
