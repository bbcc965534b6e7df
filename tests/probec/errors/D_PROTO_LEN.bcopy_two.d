/* expect: probec: failed to compile script D_PROTO_LEN.bcopy_two.d: [D_PROTO_LEN] line 2: bcopy( ) prototype mismatch: 2 args passed, 3 expected */
BEGIN { bcopy(alloca(1), alloca(1)); }
