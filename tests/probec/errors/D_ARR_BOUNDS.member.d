/* expect: probec: failed to compile script D_ARR_BOUNDS.member.d: [D_ARR_BOUNDS] line 4: index outside array bounds: 3, array has 3 elements */
struct s { int a[3]; };
struct s x;
BEGIN { x.a[3] = 1; }
