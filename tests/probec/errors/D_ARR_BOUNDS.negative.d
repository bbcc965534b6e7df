/* expect: probec: failed to compile script D_ARR_BOUNDS.negative.d: [D_ARR_BOUNDS] line 2: index outside array bounds: -1, array has 5 elements */
int x[5]; BEGIN { trace(x[-1]); }
