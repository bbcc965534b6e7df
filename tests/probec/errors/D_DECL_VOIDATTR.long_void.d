/* expect: probec: failed to compile script D_DECL_VOIDATTR.long_void.d: [D_DECL_VOIDATTR] line 2: invalid type declaration: attributes may not be used with void type */
long void *x; BEGIN { }
