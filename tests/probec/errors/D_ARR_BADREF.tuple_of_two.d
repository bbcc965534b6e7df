/* expect: probec: failed to compile script D_ARR_BADREF.tuple_of_two.d: [D_ARR_BADREF] line 2: array index must be one integer: 2 given */
int x[5]; BEGIN { x[1,2] = 1; }
