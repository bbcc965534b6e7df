/* expect: probec: failed to compile script D_DECL_BFTYPE.pointer.d: [D_DECL_BFTYPE] line 2: invalid type for bit-field: a */
struct s { int *a : 1; };
BEGIN { }
