/* expect: probec: failed to compile script D_PROTO_LEN.stddev_none.d: [D_PROTO_LEN] line 2: stddev( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { @ = stddev(); }
