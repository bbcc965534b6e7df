/* expect: probec: failed to compile script D_STACK_PROTO.many.d: [D_STACK_PROTO] line 2: stack( ) prototype mismatch: too many arguments */
BEGIN { stack(1, 2); }
