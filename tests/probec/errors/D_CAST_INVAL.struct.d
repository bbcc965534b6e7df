/* expect: probec: failed to compile script D_CAST_INVAL.struct.d: [D_CAST_INVAL] line 3: invalid cast expression: (struct s) int */
struct s { int a; };
BEGIN { trace((struct s)1); }
