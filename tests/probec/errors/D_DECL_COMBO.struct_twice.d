/* expect: probec: failed to compile script D_DECL_COMBO.struct_twice.d: [D_DECL_COMBO] line 2: invalid type combination */
struct a { int x; } struct b { int y; } v; BEGIN { }
