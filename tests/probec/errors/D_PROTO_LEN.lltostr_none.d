/* expect: probec: failed to compile script D_PROTO_LEN.lltostr_none.d: [D_PROTO_LEN] line 2: lltostr( ) prototype mismatch: 0 args passed, at least 1 expected */
BEGIN { trace(lltostr()); }
