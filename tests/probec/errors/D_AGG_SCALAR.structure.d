/* expect: probec: failed to compile script D_AGG_SCALAR.structure.d: [D_AGG_SCALAR] line 3: sum( ) argument #1 must be of scalar type, not struct s */
struct s { int a; } v;
BEGIN { @ = sum(v); }
