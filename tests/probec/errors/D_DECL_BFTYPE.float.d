/* expect: probec: failed to compile script D_DECL_BFTYPE.float.d: [D_DECL_BFTYPE] line 2: invalid type for bit-field: x */
struct s { float x : 3; };
BEGIN { exit(0); }
