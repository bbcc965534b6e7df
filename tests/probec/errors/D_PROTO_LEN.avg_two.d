/* expect: probec: failed to compile script D_PROTO_LEN.avg_two.d: [D_PROTO_LEN] line 2: avg( ) prototype mismatch: 2 args passed, 1 expected */
BEGIN { @ = avg(1, 2); }
