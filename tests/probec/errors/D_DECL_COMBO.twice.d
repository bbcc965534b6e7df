/* expect: probec: failed to compile script D_DECL_COMBO.twice.d: [D_DECL_COMBO] line 2: invalid type combination */
int int x;
BEGIN { }
