/* expect: probec: failed to compile script D_DECL_COMBO.struct_int.d: [D_DECL_COMBO] line 2: invalid type combination */
struct s { int a; } int x; BEGIN { }
