/* expect: probec: failed to compile script D_USTACK_PROTO.many.d: [D_USTACK_PROTO] line 2: ustack( ) prototype mismatch: 3 args passed, at most 2 expected */
BEGIN { ustack(1, 2, 3); }
