/* expect: probec: failed to compile script D_DECL_PROTO_VARARGS.inline.d: [D_DECL_PROTO_VARARGS] line 2: inline prototype may not use a variable-length argument list */
inline int f(int a, ...) = a;
BEGIN { exit(0); }
