/* expect: probec: failed to compile script D_DECL_COMBO.typedef_char.d: [D_DECL_COMBO] line 2: invalid type combination */
typedef int foo_t; foo_t char x; BEGIN { }
