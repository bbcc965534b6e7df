/* expect: probec: failed to compile script D_USTACK_PROTO.jstack.d: [D_USTACK_PROTO] line 2: ustack( ) prototype mismatch: too many arguments */
BEGIN { jstack(1, 2, 3); }
