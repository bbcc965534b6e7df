/* expect: probec: failed to compile script D_DECL_PROTO_VOID.probe.d: [D_DECL_PROTO_VOID] line 2: void must be sole parameter in a probe input declaration */
provider mine { probe p(void, int a); };
BEGIN { exit(0); }
