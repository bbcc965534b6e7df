/* expect: probec: failed to compile script D_CLEAR_PROTO.none.d: [D_CLEAR_PROTO] line 2: clear( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { clear(); }
