/* expect: probec: failed to compile script D_OP_ARITH.negated_struct.d: [D_OP_ARITH] line 2: operator - requires an operand of arithmetic type */
struct s { int a; }; struct s v; BEGIN { trace(-v); }
