/* expect: probec: failed to compile script D_PROTO_ARG.inline_argument.d: [D_PROTO_ARG] line 2: f( ) argument #1 is incompatible with prototype:\n\tprototype: int\n\t argument: string */
inline int f[int a] = a; BEGIN { trace(f["x"]); }
