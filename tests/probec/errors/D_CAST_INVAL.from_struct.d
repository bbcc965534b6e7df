/* expect: probec: failed to compile script D_CAST_INVAL.from_struct.d: [D_CAST_INVAL] line 4: invalid cast expression: "struct s" to "int" */
struct s { int x; };
struct s v;
BEGIN { x = (int)v; exit(0); }
