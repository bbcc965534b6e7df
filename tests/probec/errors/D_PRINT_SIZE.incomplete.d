/* expect: probec: failed to compile script D_PRINT_SIZE.incomplete.d: [D_PRINT_SIZE] line 2: print( ) argument #1 reference has type 'struct nowhere' with size 0; cannot print value */
BEGIN { print((struct nowhere *)1); }
