/* expect: probec: failed to compile script D_DECL_COMBO.three_longs.d: [D_DECL_COMBO] line 2: invalid type combination */
long long long x; BEGIN { }
