/* expect: probec: failed to compile script D_PROTO_ARG.speculate.d: [D_PROTO_ARG] line 2: speculate( ) argument #1 is incompatible with prototype:\n\tprototype: int\n\t argument: string */
BEGIN { speculate("1"); }
