/* expect: probec: failed to compile script D_USTACK_FRAMES.jstack.d: [D_USTACK_FRAMES] line 2: ustack( ) argument #1 must be a non-zero positive integer constant */
BEGIN { jstack(0); }
