/* expect: probec: failed to compile script D_PROTO_ARG.exit.d: [D_PROTO_ARG] line 2: exit( ) argument #1 is incompatible with prototype:\n\tprototype: int\n\t argument: string */
BEGIN { exit("x"); }
