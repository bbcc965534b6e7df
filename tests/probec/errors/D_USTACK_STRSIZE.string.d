/* expect: probec: failed to compile script D_USTACK_STRSIZE.string.d: [D_USTACK_STRSIZE] line 2: ustack( ) argument #2 must be a positive integer constant */
BEGIN { ustack(1, "a"); }
