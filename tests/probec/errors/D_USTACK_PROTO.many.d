/* expect: probec: failed to compile script D_USTACK_PROTO.many.d: [D_USTACK_PROTO] line 2: ustack( ) prototype mismatch: too many arguments */
BEGIN { ustack(1, 2, 3); }
