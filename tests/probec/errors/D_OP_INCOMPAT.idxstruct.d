/* expect: probec: failed to compile script D_OP_INCOMPAT.idxstruct.d: [D_OP_INCOMPAT] line 2: operands have incompatible types: "struct s" + "int" */
struct s { int a; }; struct s x; BEGIN { trace(x[1]); }
