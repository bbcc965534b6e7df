/* expect: probec: failed to compile script D_OP_INCOMPAT.structs.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "struct a" = "struct b" */
struct a { int x; }; struct b { int x; }; struct a v; struct b w; BEGIN { v = w; }
