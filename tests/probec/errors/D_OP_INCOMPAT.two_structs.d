/* expect: probec: failed to compile script D_OP_INCOMPAT.two_structs.d: [D_OP_INCOMPAT] line 6: operands have incompatible types: "struct s" = "struct t" */
struct s { int x; };
struct t { int x; };
struct s v;
struct t w;
BEGIN { v = w; exit(0); }
