/* expect: probec: failed to compile script D_PROTO_ARG.raise.d: [D_PROTO_ARG] line 2: raise( ) argument #1 is incompatible with prototype:\n\tprototype: int\n\t argument: string */
BEGIN { raise("a"); }
