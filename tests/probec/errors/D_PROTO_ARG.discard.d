/* expect: probec: failed to compile script D_PROTO_ARG.discard.d: [D_PROTO_ARG] line 2: discard( ) argument #1 is incompatible with prototype:\n\tprototype: int\n\t argument: string */
BEGIN { discard("1"); }
