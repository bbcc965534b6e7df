/* expect: probec: failed to compile script D_DECL_BFTYPE.float.d: [D_DECL_BFTYPE] line 2: invalid type for bit-field: a */
struct s { float a : 3; }; BEGIN { }
