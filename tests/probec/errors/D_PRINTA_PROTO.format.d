/* expect: probec: failed to compile script D_PRINTA_PROTO.format.d: [D_PRINTA_PROTO] line 2: printa( ) prototype mismatch: only a format string passed, an aggregation expected */
BEGIN { printa("%d"); }
