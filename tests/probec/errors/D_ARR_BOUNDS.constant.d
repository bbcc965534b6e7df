/* expect: probec: failed to compile script D_ARR_BOUNDS.constant.d: [D_ARR_BOUNDS] line 3: index outside array bounds: 5, array has 5 elements */
int x[5];
BEGIN { x[5] = 1; }
