/* expect: probec: failed to compile script D_STACK_PROTO.many.d: [D_STACK_PROTO] line 2: stack( ) prototype mismatch: 2 args passed, at most 1 expected */
BEGIN { stack(1, 2); }
