/* expect: probec: failed to compile script D_PROTO_LEN.stddev_two.d: [D_PROTO_LEN] line 2: stddev( ) prototype mismatch: 2 args passed, 1 expected */
BEGIN { @ = stddev(1, 2); }
