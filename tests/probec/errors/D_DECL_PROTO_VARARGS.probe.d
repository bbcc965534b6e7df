/* expect: probec: failed to compile script D_DECL_PROTO_VARARGS.probe.d: [D_DECL_PROTO_VARARGS] line 2: probe input prototype may not use a variable-length argument list */
provider mine { probe p(int a, ...); };
BEGIN { exit(0); }
