/* expect: probec: failed to compile script D_CLEAR_PROTO.two.d: [D_CLEAR_PROTO] line 2: clear( ) prototype mismatch: 2 args passed, 1 expected */
BEGIN { @a = count(); clear(@a, @a); }
