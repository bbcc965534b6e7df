/* expect: probec: failed to compile script D_PROTO_LEN.mutex_owned.d: [D_PROTO_LEN] line 2: mutex_owned( ) prototype mismatch: 0 args passed, 1 expected */
BEGIN { mutex_owned(); }
