/* expect: probec: failed to compile script D_STACK_SIZE.zero.d: [D_STACK_SIZE] line 2: stack( ) argument #1 must be a non-zero positive integer constant */
BEGIN { stack(0); }
