/* expect: probec: failed to compile script D_AGG_SCALAR.structure.d: [D_AGG_SCALAR] line 2: max( ) argument #1 must be of scalar type */
struct s { int a; }; struct s v; BEGIN { @ = max(v); }
