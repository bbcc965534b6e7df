/* expect: probec: failed to compile script D_PROTO_LEN.uregs.d: [D_PROTO_LEN] line 2: uregs[ ] prototype mismatch: 2 args passed, 1 expected */
BEGIN { trace(uregs[1, 2]); }
