/* expect: probec: failed to compile script D_CAST_INVAL.string_to_struct.d: [D_CAST_INVAL] line 2: invalid cast expression: "string" to "struct s" */
struct s { int a; }; BEGIN { trace(((struct s)"a").a); }
