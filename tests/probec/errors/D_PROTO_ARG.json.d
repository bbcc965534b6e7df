/* expect: probec: failed to compile script D_PROTO_ARG.json.d: [D_PROTO_ARG] line 2: json( ) argument #2 is incompatible with prototype:\n\tprototype: string\n\t argument: int */
BEGIN { json("{}", 1); }
