/* expect: probec: failed to compile script D_PROTO_ARG.chill.d: [D_PROTO_ARG] line 2: chill( ) argument #1 is incompatible with prototype:\n\tprototype: int\n\t argument: string */
BEGIN { chill("a"); }
