/* expect: probec: failed to compile script D_DECL_PROTO_VARARGS.array.d: [D_DECL_PROTO_VARARGS] line 2: array prototype may not use a variable-length argument list */
int a[int, ...];
BEGIN { exit(0); }
