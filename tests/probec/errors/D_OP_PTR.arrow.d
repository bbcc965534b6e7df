/* expect: probec: failed to compile script D_OP_PTR.arrow.d: [D_OP_PTR] line 4: operator -> must be applied to a pointer */
struct s { int a; };
struct s v;
BEGIN { trace(v->a); }
