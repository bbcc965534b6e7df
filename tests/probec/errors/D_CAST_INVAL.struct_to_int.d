/* expect: probec: failed to compile script D_CAST_INVAL.struct_to_int.d: [D_CAST_INVAL] line 2: invalid cast expression: "struct s" to "int" */
struct s { int a; }; struct s v; BEGIN { trace((int)v); }
