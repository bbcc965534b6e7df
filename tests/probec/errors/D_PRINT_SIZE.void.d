/* expect: probec: failed to compile script D_PRINT_SIZE.void.d: [D_PRINT_SIZE] line 2: print( ) argument #1 reference has type 'void' with size 0; cannot print value */
BEGIN { print((void *)1); }
