/* expect: probec: failed to compile script D_PRINTA_PROTO.format.d: [D_PRINTA_PROTO] line 2: printa( ) prototype mismatch: 1 arg passed, 2 expected */
BEGIN { printa("%d"); }
