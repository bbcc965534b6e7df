/* expect: probec: failed to compile script D_PROTO_ARG.strchr.d: [D_PROTO_ARG] line 2: strchr( ) argument #2 is incompatible with prototype:\n\tprototype: char\n\t argument: string */
BEGIN { trace(strchr("a", "b")); }
