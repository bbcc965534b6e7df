/* expect: probec: failed to compile script D_OP_SCALAR.xor_struct.d: [D_OP_SCALAR] line 2: operator ^^ requires operands of scalar type */
struct s { int a; }; struct s v; BEGIN { trace(v ^^ 1); }
