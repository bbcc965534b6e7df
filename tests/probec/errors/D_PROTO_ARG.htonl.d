/* expect: probec: failed to compile script D_PROTO_ARG.htonl.d: [D_PROTO_ARG] line 2: htonl( ) argument #1 is incompatible with prototype:\n\tprototype: uint32_t\n\t argument: string */
BEGIN { trace(htonl("a")); }
