/* expect: probec: failed to compile script D_PROTO_ARG.strtoll.d: [D_PROTO_ARG] line 2: strtoll( ) argument #1 is incompatible with prototype:\n\tprototype: string\n\t argument: int */
BEGIN { strtoll(1); }
