/* expect: probec: failed to compile script D_PROTO_ARG.substr.d: [D_PROTO_ARG] line 2: substr( ) argument #2 is incompatible with prototype:\n\tprototype: int\n\t argument: string */
BEGIN { trace(substr("a", "b")); }
