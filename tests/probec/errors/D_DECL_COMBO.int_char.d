/* expect: probec: failed to compile script D_DECL_COMBO.int_char.d: [D_DECL_COMBO] line 2: invalid type combination */
int char x; BEGIN { }
