/* expect: probec: failed to compile script D_PROTO_ARG.inet_ntop.d: [D_PROTO_ARG] line 2: inet_ntop( ) argument #1 is incompatible with prototype:\n\tprototype: int\n\t argument: string */
BEGIN { inet_ntop("x", (void *)1); }
