/* expect: probec: failed to compile script D_DECL_COMBO.void_int.d: [D_DECL_COMBO] line 2: invalid type combination */
void int x; BEGIN { }
