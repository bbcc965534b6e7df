/* expect: probec: failed to compile script D_PRINT_SIZE.large.d: [D_PRINT_SIZE] line 3: print( ) value is larger than -xprintsize */
/* options: printsize=4 */
struct s { int a[4]; }; struct s v; BEGIN { print(v); }
