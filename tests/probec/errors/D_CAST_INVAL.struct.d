/* expect: probec: failed to compile script D_CAST_INVAL.struct.d: [D_CAST_INVAL] line 3: invalid cast expression: "int" to "struct s" */
struct s { int a; };
BEGIN { trace((struct s)1); }
